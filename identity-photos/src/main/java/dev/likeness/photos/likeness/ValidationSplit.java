package dev.likeness.photos.likeness;

import dev.likeness.photos.AcceptedPhoto;
import java.util.ArrayList;
import java.util.List;

/**
 * A person's photos, split into a training set and a validation set.
 *
 * @param training photos for training or as reference images; at least one
 * @param validation photos for measuring the likeness; at least one
 * @param isIndependent true if the two sets share no photo
 */
public record ValidationSplit(
    List<AcceptedPhoto> training, List<AcceptedPhoto> validation, boolean isIndependent) {
  private static final int MIN_PHOTOS = 5;

  /**
   * Checks that both sets have photos, and copies them.
   *
   * @param training the component {@code training}
   * @param validation the component {@code validation}
   * @param isIndependent the component {@code isIndependent}
   * @throws IllegalArgumentException if one of the sets is empty
   */
  public ValidationSplit {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
    if (training.isEmpty() || validation.isEmpty()) {
      throw new IllegalArgumentException("a validation split needs photos of the person, got none");
    }
  }

  /**
   * Splits the photos of a person. Of five photos or more, one fifth is held out for validation,
   * spread evenly over their order. Fewer photos are used for both sets, and the split is not
   * independent.
   *
   * @param photos the person's photos; at least one
   * @return the split
   * @throws IllegalArgumentException if there are no photos
   */
  public static ValidationSplit of(List<AcceptedPhoto> photos) {
    int n = photos.size();
    if (n < MIN_PHOTOS) {
      return new ValidationSplit(photos, photos, false);
    }
    int out = n / MIN_PHOTOS;
    List<AcceptedPhoto> training = new ArrayList<>(photos);
    List<AcceptedPhoto> heldOut = new ArrayList<>();
    for (int k = out - 1; k >= 0; k--) {
      heldOut.add(0, training.remove((2 * k + 1) * n / (2 * out)));
    }
    return new ValidationSplit(training, heldOut, true);
  }

  /**
   * Splits the training photos again, to choose a checkpoint with the second validation set. The
   * photos held out by this split stay unused until the final report.
   *
   * @return the split of {@link #training()}
   */
  public ValidationSplit forSelection() {
    return of(training);
  }
}
