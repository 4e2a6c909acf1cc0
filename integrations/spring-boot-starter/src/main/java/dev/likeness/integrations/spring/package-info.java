/**
 * Spring Boot 3.5 and 4.0: a base model, a studio and a queue as beans, with health, metrics,
 * traces and an image model of Spring AI.
 *
 * <p>{@link LikenessProperties} lists the properties. Each bean is created only if the application
 * has none of its type.
 */
@NullMarked
package dev.likeness.integrations.spring;

import org.jspecify.annotations.NullMarked;
