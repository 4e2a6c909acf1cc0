/**
 * Reviews a person's photos: turns untrusted files into faces that a model can be trained on.
 *
 * <p>A {@link PhotoSet} contains photos from a folder, from files, from bytes or from streams. A
 * {@link PhotoReview} decodes each photo safely, turns it upright, finds the face and checks its
 * quality. Each {@link PhotoVerdict} has a {@link dev.likeness.photos.quality.Reason} for every
 * problem, and the {@link SetVerdict} says how to improve the set. An {@link AcceptedPhoto} can be
 * cropped or aligned for training. {@link ReviewTools} adds other face detectors, a face embedder
 * and quality measures. {@link ReviewOptions} changes limits. This package never logs pixels,
 * embeddings or names of photos.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * for (PhotoVerdict photo : review.photos()) {
 *   System.out.println(photo.name() + ": " + photo.verdict().id() + " " + photo.reasons());
 * }
 * List<RgbImage> crops = review.accepted().stream().map(photo -> photo.crop(512)).toList();
 * }</pre>
 */
@NullMarked
package dev.likeness.photos;

import org.jspecify.annotations.NullMarked;
