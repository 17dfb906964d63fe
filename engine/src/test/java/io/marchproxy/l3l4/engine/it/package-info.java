/** What issue 2 promises, shown with real programs and real processes; run by {@code mvn verify}. */
@NullMarked
package io.marchproxy.l3l4.engine.it;

import org.jspecify.annotations.NullMarked;
