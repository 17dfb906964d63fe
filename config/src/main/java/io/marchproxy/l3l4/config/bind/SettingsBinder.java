package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.HealthKeys;
import io.marchproxy.l3l4.config.schema.MulticloudKeys;
import io.marchproxy.l3l4.config.schema.QosKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.FlowStateSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.config.settings.LatencySettings;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.MulticloudSettings;
import io.marchproxy.l3l4.config.settings.PoliceSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.QosSettings.ClassSettings;
import io.marchproxy.l3l4.config.settings.RuleSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import java.util.List;
import java.util.stream.Collectors;

/** Makes settings of a configuration that has been read. */
public final class SettingsBinder {
    private static final int ANY = -1;

    private SettingsBinder() {}

    /** Fills in what follows from other values, and finds contradictions. Comes before {@link #bind}. */
    public static void conclude(Bound root, Faults faults) {
        for (Bound service : root.groups(ServiceKeys.SERVICES)) {
            service.group(HealthKeys.HEALTH).settle(HealthKeys.PROTOCOL, defaultProbe(service));
            settleBurst(service);
            service.findGroup(ServiceKeys.ACCEPT)
                    .ifPresent(accept -> accept.find(ServiceKeys.ACCEPT_RATE)
                            .ifPresent(rate -> accept.settle(ServiceKeys.ACCEPT_BURST, Math.toIntExact(rate))));
        }
        new Contradictions(root, faults).check();
        new CloudChecks(root, faults).check();
        new GatewayChecks(root, faults).check();
    }

    /** Tells what is written and changes nothing; only for a configuration without faults. */
    public static void warn(Bound root, Faults warnings) {
        new Idle(root, warnings).check();
        new PoliceChecks(root, warnings).warn();
    }

    /** The settings; only for a configuration without faults. */
    public static ProxySettings bind(Bound root) {
        Bound admin = root.group(Catalogue.ADMIN);
        return new ProxySettings(
                root.get(Catalogue.DATA_DIR),
                new AdminSettings(admin.get(Catalogue.ADMIN_ADDRESS), admin.get(Catalogue.ADMIN_PORT)),
                engine(root.group(Catalogue.ENGINE)),
                qos(root.group(QosKeys.QOS)),
                root.groups(ServiceKeys.SERVICES).stream()
                        .map(ServiceBinder::service)
                        .toList(),
                root.get(Catalogue.LOG_LEVEL),
                latency(root.group(Catalogue.OBSERVABILITY).group(Catalogue.LATENCY)),
                multicloud(root.group(MulticloudKeys.MULTICLOUD)),
                Effective.hash(root, digests(root)));
    }

    /** Of what stands in files of prefixes. */
    private static String digests(Bound root) {
        return root.groups(ServiceKeys.SERVICES).stream()
                .map(service -> service.prefixes().digest())
                .collect(Collectors.joining());
    }

    private static void settleBurst(Bound service) {
        Bound rate = service.group(ServiceKeys.RATE);
        long most = Math.max(
                rate.find(ServiceKeys.RATE_TO_BACKEND).orElse(0L),
                rate.find(ServiceKeys.RATE_TO_CLIENT).orElse(0L));
        if (most > 0) {
            service.settle(ServiceKeys.BURST, ShapingSettings.usualBurst(most));
        }
    }

    private static HealthSettings.Probe defaultProbe(Bound service) {
        List<Placed<ListenAddress>> listen = service.list(ServiceKeys.LISTEN);
        boolean tcp = listen.stream().anyMatch(address -> address.value().protocol() == Protocol.TCP);
        return tcp ? HealthSettings.Probe.TCP : HealthSettings.Probe.NONE;
    }

    private static EngineSettings engine(Bound engine) {
        return new EngineSettings(
                engine.get(Catalogue.MODE),
                engine.get(Catalogue.SHARDS),
                engine.get(Catalogue.MAX_FLOWS),
                engine.get(Catalogue.RING_SIZE),
                engine.get(Catalogue.PIN_THREADS),
                engine.get(Catalogue.SPIN),
                engine.get(Catalogue.NUMA),
                engine.get(Catalogue.IRQ_AFFINITY),
                engine.get(Catalogue.TRANSPORT),
                engine.get(Catalogue.DRAIN_TIMEOUT),
                journal(engine.group(Catalogue.JOURNAL)),
                flowState(engine.group(Catalogue.FLOW_STATE)));
    }

    private static FlowStateSettings flowState(Bound flowState) {
        return new FlowStateSettings(
                flowState.get(Catalogue.FLOW_STATE_MODE),
                flowState.get(Catalogue.FLOW_STATE_INTERVAL),
                flowState.get(Catalogue.FLOW_STATE_MAX_AGE));
    }

    private static JournalSettings journal(Bound journal) {
        return new JournalSettings(
                journal.get(Catalogue.JOURNAL_MODE),
                journal.get(Catalogue.JOURNAL_MAX_SIZE),
                journal.get(Catalogue.JOURNAL_MAX_AGE),
                journal.get(Catalogue.JOURNAL_PERIODIC),
                Math.toIntExact(journal.get(Catalogue.JOURNAL_SNAP)));
    }

    private static LatencySettings latency(Bound latency) {
        return new LatencySettings(
                latency.get(Catalogue.LATENCY_ENABLED),
                latency.get(Catalogue.LATENCY_INTERVAL),
                latency.get(Catalogue.LATENCY_MAX_SIZE));
    }

    private static MulticloudSettings multicloud(Bound multicloud) {
        return new MulticloudSettings(
                multicloud.get(MulticloudKeys.ENABLED),
                multicloud.find(MulticloudKeys.PROVIDER).orElse(null),
                multicloud.find(MulticloudKeys.REGION).orElse(null),
                multicloud.get(MulticloudKeys.PRICE_VERSION),
                multicloud.groups(MulticloudKeys.REGIONS).stream()
                        .map(region -> new MulticloudSettings.RegionSettings(
                                region.get(MulticloudKeys.PLACE_PROVIDER),
                                region.get(MulticloudKeys.PLACE_REGION),
                                region.get(MulticloudKeys.LATITUDE),
                                region.get(MulticloudKeys.LONGITUDE)))
                        .toList());
    }

    private static QosSettings qos(Bound qos) {
        Bound classes = qos.group(QosKeys.CLASS_GROUP);
        List<ClassSettings> settings = QosKeys.CLASSES.stream()
                .map(keys -> {
                    Bound one = classes.group(keys.group());
                    return new ClassSettings(
                            one.get(keys.dscp()),
                            one.get(keys.queue()),
                            one.find(keys.guarantee()).orElse(0L),
                            one.find(keys.ceiling()).orElse(0L),
                            one.find(keys.weight()).orElse(1));
                })
                .toList();
        return new QosSettings(
                qos.get(QosKeys.ENABLED),
                qos.find(QosKeys.LINK_RATE).orElse(0L),
                codel(qos.group(QosKeys.CODEL)),
                settings,
                qos.groups(QosKeys.RULES).stream().map(SettingsBinder::rule).toList());
    }

    private static QosSettings.Codel codel(Bound codel) {
        return new QosSettings.Codel(
                codel.get(QosKeys.CODEL_ENABLED), codel.get(QosKeys.CODEL_TARGET), codel.get(QosKeys.CODEL_INTERVAL));
    }

    private static RuleSettings rule(Bound rule) {
        Bound match = rule.group(QosKeys.MATCH);
        return new RuleSettings(
                match.find(QosKeys.MATCH_PROTOCOL).orElse(null),
                match.find(QosKeys.MATCH_SERVICE).orElse(null),
                match.find(QosKeys.MATCH_SOURCE).orElse(null),
                match.find(QosKeys.MATCH_DESTINATION).orElse(null),
                match.find(QosKeys.MATCH_SOURCE_PORT).orElse(null),
                match.find(QosKeys.MATCH_DESTINATION_PORT).orElse(null),
                match.find(QosKeys.MATCH_DSCP).orElse(ANY),
                rule.get(QosKeys.RULE_CLASS),
                rule.find(QosKeys.RULE_DSCP).orElse(ANY),
                match.find(QosKeys.MATCH_LENGTH).orElse(null),
                match.find(QosKeys.MATCH_CLIENT_FLOWS).orElse(null),
                rule.findGroup(QosKeys.POLICE).map(SettingsBinder::police).orElse(null));
    }

    private static PoliceSettings police(Bound police) {
        long rate = police.get(QosKeys.POLICE_RATE);
        long peak = police.find(QosKeys.POLICE_PEAK_RATE).orElse(0L);
        return new PoliceSettings(
                rate,
                police.find(QosKeys.POLICE_BURST).orElse(ShapingSettings.usualBurst(rate)),
                police.find(QosKeys.POLICE_EXCESS_BURST).orElse(0L),
                peak,
                police.find(QosKeys.POLICE_PEAK_BURST).orElse(ShapingSettings.usualBurst(peak)),
                police.get(QosKeys.POLICE_CONFORM),
                police.get(QosKeys.POLICE_EXCEED),
                police.find(QosKeys.POLICE_VIOLATE).orElse(PoliceSettings.Action.DROP));
    }
}
