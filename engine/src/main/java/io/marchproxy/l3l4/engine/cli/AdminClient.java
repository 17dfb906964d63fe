package io.marchproxy.l3l4.engine.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownServiceException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Asks the admin server of a running service. */
final class AdminClient {
    /** Where it is unless told otherwise. */
    static final String USUAL = "http://127.0.0.1:8081";

    private static final int PATIENCE_MS = 10_000;

    private final URI admin;
    private final CommandLine command;

    /**
     * A client of one server.
     *
     * @param command whose flag {@code --admin} says where it is
     */
    AdminClient(URI admin, CommandLine command) {
        this.admin = admin;
        this.command = command;
    }

    /**
     * The text that it answers with.
     *
     * @param page path and query
     * @throws IOException when it does not answer, or not with 200; the message is its own word
     */
    String ask(String method, String page) throws IOException {
        HttpURLConnection connection;
        try {
            connection = (HttpURLConnection) admin.resolve(page).toURL().openConnection();
        } catch (IllegalArgumentException | ClassCastException | UnknownServiceException _) {
            throw new ParameterException(command, "--admin: no http URL: " + admin);
        }
        connection.setRequestMethod(method);
        connection.setConnectTimeout(PATIENCE_MS);
        connection.setReadTimeout(PATIENCE_MS);
        int status;
        String answer;
        try {
            status = connection.getResponseCode();
            var body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            answer = body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IOException("the admin server at " + admin + " does not answer: " + e.getMessage(), e);
        } finally {
            connection.disconnect();
        }
        if (status != HttpURLConnection.HTTP_OK) {
            throw new IOException(answer.isBlank() ? "HTTP status " + status : answer.strip());
        }
        return answer;
    }

    /** A part of a path or a query. */
    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
