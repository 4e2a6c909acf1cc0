/**
 * Styles of headshots, and their crops.
 *
 * <p>A {@link Style} is a named set of words for outfit, expression, light and backdrop, with a
 * negative prompt, a guidance scale and a crop. The library has built-in styles, and
 * {@link Style#read(java.nio.file.Path)} reads the caller's own styles from a JSON file. A style
 * may be for certain base models only. {@link HeadshotCrop} cuts a headshot to a square, to an
 * avatar, or to sides such as 4:5.
 *
 * <pre>{@code
 * Style.all().forEach(style -> System.out.println(style.name() + ": " + style.title()));
 * Style own = Style.read(Path.of("styles.json")).get(0);
 * ShootRequest request = ShootRequest.of(List.of(own, Style.named("studio")), 4);
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.style;

import org.jspecify.annotations.NullMarked;
