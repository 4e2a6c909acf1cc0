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
   * @throws IllegalArgumentException if one of the sets is empty
   */
  public ValidationSplit {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
    if (training.isEmpty() || validation.isEmpty()) {
      throw new IllegalArgumentException(
          "a validation split needs at least 1 photo for training and 1 for validation, got "
              + training.size() + " and " + validation.size());
    }
  }

  /**
   * Splits the photos of a person. If there are five photos or more, one fifth of them, rounded
   * down, is held out for validation. The held-out photos are spread evenly over the list. If there
   * are fewer photos, both sets contain all photos, and the split is not independent.
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
   * Splits the training photos again. The validation set of the new split serves to choose a
   * checkpoint. The validation photos of this split stay unused until the final report.
   *
   * @return a new split of {@link #training()}
   */
  public ValidationSplit forSelection() {
    return of(training);
  }
}
