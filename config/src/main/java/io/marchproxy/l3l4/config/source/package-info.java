/** What is said outside of the file: flags, environment, and the older names of keys, laid over the file's tree. */
@NullMarked
package io.marchproxy.l3l4.config.source;

import org.jspecify.annotations.NullMarked;
