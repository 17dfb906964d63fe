/** The pipeline that runs the five stages in order in virtual time, its verdicts, books and ports. */
@NullMarked
package io.marchproxy.l3l4.stages.pipeline;

import org.jspecify.annotations.NullMarked;
