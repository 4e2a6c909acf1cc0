/**
 * Reports of a shoot, for people and for programs.
 *
 * <p>{@link ShootSummary} states in plain words the person, the photos, the base and its limits.
 * Report, contact sheet and record begin with its warnings. {@link Recommendation} decides which
 * headshots to use, and which one first; the three show this decision. {@link ContactSheet} puts
 * photos and headshots on one image. {@link ShootReport} makes an HTML page for the person who
 * chooses images. It shows the images to use, the reasons against the others, and the next steps.
 * {@link ShootRecord} writes {@code record.json}: the settings of each image, without photos or
 * embeddings. {@link dev.likeness.headshots.shoot.Headshot#read} reads a headshot that a record
 * describes, so that it can be edited.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     LoraPerson ada = LoraPerson.open(Path.of("ada.safetensors"), base)) {
 *   Shoot shoot = HeadshotStudio.on(base).shoot(ada, ShootRequest.of(Style.named("studio"), 4));
 *   ShootSummary made = ShootSummary.of(
 *       base, ada, PersonRecord.of(ada), ShootSummary.Evidence.NONE);
 *   Recommendation recommendation = Recommendation.of(made, shoot);
 *   ShootRecord.of(base, ada, shoot)
 *       .recommendation(recommendation)
 *       .write(Path.of("out", ShootRecord.FILE));
 *   RgbImage sheet = ContactSheet.of(recommendation, "Ada");
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.report;

import org.jspecify.annotations.NullMarked;
