/** First stage: which service, rule, class and flow a packet belongs to. */
@NullMarked
package io.marchproxy.l3l4.stages.classify;

import org.jspecify.annotations.NullMarked;
