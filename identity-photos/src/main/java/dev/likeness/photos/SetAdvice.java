package dev.likeness.photos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes sentences that say how to improve a set. */
final class SetAdvice {
  private static final double SAME_SHARE = 0.6;
  private static final double SMALL_FACE_SHARE = 0.2;
  static final String SEVERAL = "the photos seem to show several people; choose the wanted person";
  static final String EMBEDDER =
      "the faces in the photos were not compared; give a face embedder to find photos that "
          + "show other people";
  static final String DETECTOR =
      "the built-in face detector misses small and turned faces and second persons; a YuNet file"
          + " (--detector FILE, in Java ReviewTools.withDetector) finds more";
  private static final String[] NUMBER_WORDS = {
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve"
  };

  private final int count;
  private final List<String> advice = new ArrayList<>();

  private SetAdvice(int count) {
    this.count = count;
  }

  static List<String> of(SetCoverage coverage, List<AcceptedPhoto> accepted) {
    SetAdvice set = new SetAdvice(accepted.size());
    set.addCountAdvice();
    // Only detectors with landmarks measure yaw, so other detectors cannot tell that an angle is
    // missing.
    if (set.count >= SetVerdict.MIN_PHOTOS
        && accepted.stream().anyMatch(photo -> photo.face().landmarks().isPresent())) {
      set.addAngleAdvice(coverage.angles());
    }
    if (set.count > SetVerdict.MIN_PHOTOS) {
      set.addVarietyAdvice(coverage);
      set.addCloseUpAdvice(accepted);
    }
    return set.advice;
  }

  private void addCountAdvice() {
    if (count == 0) {
      advice.add(String.format(
          Locale.ROOT,
          "no photo can be used; add at least %s other photos",
          numberWord(SetVerdict.MIN_PHOTOS)));
    } else if (count < SetVerdict.MIN_PHOTOS) {
      advice.add(String.format(
          Locale.ROOT,
          "only %s usable photo%s; add more until there are at least %s",
          numberWord(count),
          count == 1 ? "" : "s",
          numberWord(SetVerdict.MIN_PHOTOS)));
    } else if (count < SetVerdict.RECOMMENDED_PHOTOS) {
      advice.add(String.format(
          Locale.ROOT,
          "%s usable photos are enough to begin; %s or more are better",
          numberWord(count),
          numberWord(SetVerdict.RECOMMENDED_PHOTOS)));
    } else if (count > SetVerdict.MAX_PHOTOS) {
      advice.add(String.format(
          Locale.ROOT,
          "%s photos are more than needed; the best %s are enough",
          numberWord(count),
          numberWord(SetVerdict.MAX_PHOTOS)));
    }
  }

  private void addAngleAdvice(SetCoverage.Angles angles) {
    if (angles.left() == 0) {
      advice.add("no photo from the left; add one with the head half turned to the image's left");
    }
    if (angles.right() == 0) {
      advice.add("no photo from the right; add one with the head half turned to the image's right");
    }
    if (angles.ahead() == 0) {
      advice.add("no photo from the front; add one that looks straight ahead");
    }
  }

  private void addVarietyAdvice(SetCoverage coverage) {
    addIfSame(
        coverage.sameBackground(), "have a similar background colour; add photos taken elsewhere");
    addIfSame(coverage.sameClothes(), "show the same clothes; add photos in other clothes");
    addIfSame(
        coverage.sameLight(), "have the same light; add photos from outdoors or another room");
    addIfSame(
        coverage.sameExpression(), "have the same expression; add photos with another expression");
    addIfSame(
        coverage.sameDistance(),
        "were taken from the same distance; add a close-up or one from further away");
  }

  private void addIfSame(int alike, String sentence) {
    if (alike > SAME_SHARE * count) {
      advice.add(String.format(
          Locale.ROOT, "%s of %s %s", numberWord(alike), numberWord(count), sentence));
    }
  }

  private void addCloseUpAdvice(List<AcceptedPhoto> accepted) {
    if (accepted.stream().allMatch(photo -> photo.features().faceShare() < SMALL_FACE_SHARE)) {
      advice.add("the face is small in every photo; add a close-up");
    }
  }

  private static String numberWord(int number) {
    return number < NUMBER_WORDS.length ? NUMBER_WORDS[number] : Integer.toString(number);
  }
}
