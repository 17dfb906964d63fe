/** What was written, as a tree in which every value knows where it stands. */
@NullMarked
package io.marchproxy.l3l4.config.tree;

import org.jspecify.annotations.NullMarked;
