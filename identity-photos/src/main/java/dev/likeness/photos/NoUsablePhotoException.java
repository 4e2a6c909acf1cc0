package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Thrown if no photo of a set can be used. The message names up to four photos, each with the
 * reason for its rejection. {@link #review()} has the reasons for all photos.
 */
public final class NoUsablePhotoException extends InvalidInputException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_NAMED_PHOTOS = 4;

  private final transient PhotoReview review;

  NoUsablePhotoException(PhotoReview review) {
    super(messageFor(review));
    this.review = review;
  }

  /** {@return the review with the verdict of each photo; empty after deserialization} */
  public Optional<PhotoReview> review() {
    return Optional.ofNullable(review);
  }

  private static String messageFor(PhotoReview review) {
    int count = review.photos().size();
    String named = review.photos().stream()
        .limit(MAX_NAMED_PHOTOS)
        .map(photo -> photo.name() + ": " + photo.worst().orElseThrow().message())
        .collect(Collectors.joining("; "));
    String rest = count > MAX_NAMED_PHOTOS ? "; and " + (count - MAX_NAMED_PHOTOS) + " more" : "";
    String all = count == 1
        ? "the photo cannot be used: "
        : "none of the " + count + " photos can be used: ";
    return all + named + rest;
  }
}
