/** Why a flow goes where it goes: asked of a configuration, or of a service that runs. */
@NullMarked
package io.marchproxy.l3l4.engine.explain;

import org.jspecify.annotations.NullMarked;
