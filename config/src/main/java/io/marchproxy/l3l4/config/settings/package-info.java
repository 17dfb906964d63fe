/** The settings of the service as immutable records; defaults and ranges stand here and nowhere else. */
@NullMarked
package io.marchproxy.l3l4.config.settings;

import org.jspecify.annotations.NullMarked;
