/** What the integration tests share: real programs, namespaces, the proxy as a process, and traffic that checks itself. */
@NullMarked
package io.marchproxy.l3l4.engine.testing;

import org.jspecify.annotations.NullMarked;
