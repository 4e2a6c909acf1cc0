package dev.likeness.studio.internal.http;

import java.util.List;
import java.util.Optional;

/**
 * Who may reach the server.
 *
 * @param address the address of the network interface
 * @param port the port; 0 for a free one
 * @param password the password of the page; empty if the token of the start address is enough
 * @param hostNames further names under which browsers may reach the server
 * @param proxy what a reverse proxy that logs users in sends with each request
 */
public record Access(
    String address,
    int port,
    Optional<String> password,
    List<String> hostNames,
    Optional<ProxyLogin> proxy) {}
