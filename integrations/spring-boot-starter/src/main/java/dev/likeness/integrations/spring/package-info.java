/**
 * Spring Boot 3.5 and 4.0: a base model, a studio and a queue as beans, with health, metrics,
 * traces and an image model of Spring AI.
 *
 * <p>{@link LikenessProperties} lists the properties. An application can replace the base model,
 * the studio, the queue or the image model with its own bean of that type. To replace the health
 * indicator or an observer, the application defines a bean of the same name.
 */
@NullMarked
package dev.likeness.integrations.spring;

import org.jspecify.annotations.NullMarked;
