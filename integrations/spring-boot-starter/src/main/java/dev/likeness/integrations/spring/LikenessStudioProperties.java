package dev.likeness.integrations.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The properties of the studio's HTTP API, below {@code likeness.studio}.
 *
 * @param path the path below which the application answers the API, such as {@code /studio}.
 *     Without this property, the application has no such API
 * @param store the folder of the encrypted store of people; not needed if the application has a
 *     {@code SubjectStore} bean
 * @param keyFile the key file of the store; it is created with the store
 */
@ConfigurationProperties("likeness.studio")
public record LikenessStudioProperties(
    @Nullable String path, @Nullable String store, @Nullable String keyFile) {}
