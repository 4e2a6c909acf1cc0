/**
 * Requests to the studio, and the headshots that it returns.
 *
 * <p>A {@link ShootRequest} contains the number of headshots, their
 * {@linkplain dev.likeness.headshots.style.Style styles} and settings. A {@link Shoot} contains the
 * {@link Headshot headshots}. A {@link HeadshotEdit} changes outfit, backdrop, light or expression
 * of one of them. A {@link SelectionResult} contains the verdict on each candidate, kept or not.
 * Images are marked as generated (XMP); {@code likeness-provenance} adds signatures and a
 * watermark.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     LoraPerson ada = LoraPerson.open(Path.of("ada.safetensors"), base)) {
 *   ShootRequest request = ShootRequest.of(Style.named("studio"), 4).seed(7);
 *   for (Headshot headshot : HeadshotStudio.on(base).shoot(ada, request).headshots()) {
 *     headshot.write(Path.of("seed-" + headshot.seed() + ".png"));
 *   }
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.shoot;

import org.jspecify.annotations.NullMarked;
