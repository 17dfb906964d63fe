/** The demonstration: real backends, real load and a real failure around the real service. */
@NullMarked
package io.marchproxy.l3l4.engine.demo;

import org.jspecify.annotations.NullMarked;
