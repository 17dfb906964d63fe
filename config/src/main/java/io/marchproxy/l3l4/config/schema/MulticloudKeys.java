package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.MulticloudSettings;
import io.marchproxy.l3l4.config.value.Values;
import java.util.List;

/** The keys of {@code multicloud}. */
public final class MulticloudKeys {
    public static final Key<Boolean> ENABLED = Key.of(
            "enabled",
            Values.BOOLEAN,
            MulticloudSettings.DEFAULT.enabled(),
            "Whether services choose their backends by their algorithm; false takes them in turn everywhere.");
    public static final Key<BackendSettings.Provider> PROVIDER =
            Key.open("provider", ServiceKeys.PROVIDER_TYPE, "not known", "Where the proxy itself runs.");
    public static final Key<String> REGION = Key.open(
            "region",
            Values.TEXT,
            "not known",
            "Its region: what distances are counted from, and what is left when traffic crosses regions.");
    public static final Key<String> PRICE_VERSION = Key.of(
            "price-version",
            Values.TEXT,
            MulticloudSettings.DEFAULT.priceVersion(),
            "Which price table this is, such as its date; shown with what traffic costs.");

    public static final Key<BackendSettings.Provider> PRICE_PROVIDER =
            Key.required("provider", ServiceKeys.PROVIDER_TYPE, "Whose price it is.");
    public static final Key<String> PRICE_REGION =
            Key.of("region", Values.TEXT, "*", "Where it holds; * for all regions that have no line of their own.");
    public static final Key<Double> PRICE = Key.required(
            "cost-per-gb", Values.decimal(0, 1_000_000), "Price of 10^9 bytes that leave a backend there.");
    public static final Groups PRICES = new Groups(
            "prices",
            "What traffic costs; a backend's own cost-per-gb goes before it.",
            new Group("", "One price.", List.of(PRICE_PROVIDER, PRICE_REGION, PRICE)));

    public static final Key<BackendSettings.Provider> PLACE_PROVIDER =
            Key.required("provider", ServiceKeys.PROVIDER_TYPE, "Whose region it is.");
    public static final Key<String> PLACE_REGION = Key.required("region", Values.TEXT, "What it is called.");
    public static final Key<Double> LATITUDE =
            Key.required("latitude", Values.decimal(-90, 90), "Degrees north; south is negative.");
    public static final Key<Double> LONGITUDE =
            Key.required("longitude", Values.decimal(-180, 180), "Degrees east; west is negative.");
    public static final Groups REGIONS = new Groups(
            "regions",
            "Regions that the program does not know, on premises above all, and where they are.",
            new Group("", "One region.", List.of(PLACE_PROVIDER, PLACE_REGION, LATITUDE, LONGITUDE)));

    public static final Group MULTICLOUD = new Group(
            "multicloud", "Routing among clouds.", List.of(ENABLED, PROVIDER, REGION, PRICE_VERSION, PRICES, REGIONS));

    private MulticloudKeys() {}
}
