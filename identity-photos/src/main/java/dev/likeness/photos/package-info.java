/**
 * A person's photos, from files of unknown origin to faces that a model can be trained on.
 *
 * <p>A {@link PhotoSet} finds the photos of a folder, or takes them as bytes and streams. A
 * {@link PhotoReview} decodes each safely, turns it upright, finds the face and judges it; each
 * {@link PhotoVerdict} has a {@link dev.likeness.photos.quality.Reason} for every complaint, and
 * the {@link SetVerdict} says what the set lacks. An {@link AcceptedPhoto} is cropped or aligned
 * for training. {@link ReviewTools} brings other face detectors, a face embedder and measures of
 * quality; {@link ReviewOptions} changes limits. Nothing here writes pixels, embeddings or names of
 * photos to a log.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * for (PhotoVerdict photo : review.photos()) {
 *   System.out.println(photo.name() + ": " + photo.verdict().id() + " " + photo.reasons());
 * }
 * List<RgbImage> crops = review.accepted().stream().map(photo -> photo.crop(512)).toList();
 * }</pre>
 */
package dev.likeness.photos;
