/**
 * A person's photos, from files of unknown origin to faces that a model can learn from.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * review.photos().forEach(System.out::println);      // keep, warn or reject, and why
 * List<Picture> crops = review.accepted().stream().map(photo -> photo.crop(512, 2)).toList();
 * }</pre>
 *
 * Nothing here writes pixels, embeddings or names of photos to a log.
 */
package dev.likeness.photos;
