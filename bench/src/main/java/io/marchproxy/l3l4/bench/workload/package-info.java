/** What is measured: pieces of the packet path as they run in the product, without a harness around them. */
@NullMarked
package io.marchproxy.l3l4.bench.workload;

import org.jspecify.annotations.NullMarked;
