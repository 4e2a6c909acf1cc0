package dev.likeness.hub;

import java.util.Optional;

/**
 * A file of a repository.
 *
 * @param name the file, relative to the repository, with {@code /} between folders
 * @param size its length in bytes
 * @param etag the name of its blob in the cache: the SHA-256 of a large file (64 hexadecimal
 *     digits), the git id of another (40 digits)
 * @param xetHash the name of its blob in the shared store of the cache, if the hub gave one
 */
public record HubFile(String name, long size, String etag, Optional<String> xetHash) {}
