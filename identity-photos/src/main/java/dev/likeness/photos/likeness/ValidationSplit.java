package dev.likeness.photos.likeness;

import dev.likeness.photos.AcceptedPhoto;
import java.util.ArrayList;
import java.util.List;

/**
 * A person's photos, split into a training set and a validation set.
 *
 * @param training photos for conditioning or training
 * @param validation photos that only the measurement uses
 * @param isIndependent whether the two sets share no photo
 */
public record ValidationSplit(
    List<AcceptedPhoto> training, List<AcceptedPhoto> validation, boolean isIndependent) {
  private static final int MIN_PHOTOS = 5;

  /**
   * Splits the training photos once more. The second split selects a checkpoint, so that the final
   * likeness is measured on other photos.
   */
  public ValidationSplit {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
    if (training.isEmpty() || validation.isEmpty()) {
      throw new IllegalArgumentException(
          "likeness is measured against a person's photos, given none");
    }
  }

  /**
   * Of five photos or more a fifth is held out, at least one, spread evenly over their order; fewer
   * are all used for both, which {@link #isIndependent()} then admits.
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
   * Splits the training photos once more: a checkpoint is chosen by these, so that what is held out
   * here stays unseen until the report.
   */
  public ValidationSplit forSelection() {
    return of(training);
  }
}
