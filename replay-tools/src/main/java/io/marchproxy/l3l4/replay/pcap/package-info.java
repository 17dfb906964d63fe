/** Captures of packets, read and written: pcap, and pcapng (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). */
@NullMarked
package io.marchproxy.l3l4.replay.pcap;

import org.jspecify.annotations.NullMarked;
