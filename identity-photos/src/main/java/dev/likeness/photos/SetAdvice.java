package dev.likeness.photos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is missing in a set, in plain words. */
final class SetAdvice {
  private static final double MOSTLY = 0.6;
  private static final double SMALL = 0.2;
  private static final String[] WORDS = {
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve"
  };

  private final int count;
  private final List<String> advice = new ArrayList<>();

  private SetAdvice(int count) {
    this.count = count;
  }

  static List<String> on(SetVerdict.SetCoverage coverage, List<AcceptedPhoto> accepted) {
    SetAdvice set = new SetAdvice(accepted.size());
    set.numbers();
    // Only detectors with landmarks tell half-turned heads from frontal ones, so only then is their
    // lack worth a word.
    if (set.count >= SetVerdict.FEWEST
        && accepted.stream().anyMatch(photo -> photo.face().landmarks().isPresent())) {
      set.angles(coverage.angles());
    }
    if (set.count > SetVerdict.FEWEST) {
      set.sameness(coverage);
      set.closeness(accepted);
    }
    return set.advice;
  }

  private void numbers() {
    if (count == 0) {
      advice.add(String.format(
          Locale.ROOT, "no photo can be used; add at least %s others", word(SetVerdict.FEWEST)));
    } else if (count < SetVerdict.FEWEST) {
      advice.add(String.format(
          Locale.ROOT,
          "only %s usable photo%s; add more until there are at least %s",
          word(count),
          count == 1 ? "" : "s",
          word(SetVerdict.FEWEST)));
    } else if (count < SetVerdict.ENOUGH) {
      advice.add(String.format(
          Locale.ROOT,
          "%s usable photos are enough to begin; %s or more are better",
          word(count),
          word(SetVerdict.ENOUGH)));
    } else if (count > SetVerdict.MOST) {
      advice.add(String.format(
          Locale.ROOT,
          "%s photos are more than a person needs; the best %s do",
          word(count),
          word(SetVerdict.MOST)));
    }
  }

  private void angles(SetVerdict.SetCoverage.Angles angles) {
    if (angles.left() == 0) {
      advice.add("no photo from the left; add one with the head half turned to the picture's left");
    }
    if (angles.right() == 0) {
      advice.add(
          "no photo from the right; add one with the head half turned to the picture's right");
    }
    if (angles.ahead() == 0) {
      advice.add("no photo from the front; add one that looks straight ahead");
    }
  }

  private void sameness(SetVerdict.SetCoverage coverage) {
    same(coverage.sameBackground(), "have the same background; add photos taken elsewhere");
    same(coverage.sameClothes(), "show the same clothes; add photos in others");
    same(coverage.sameLight(), "have the same light; add some from outdoors or another room");
    same(coverage.sameExpression(), "have the same expression; smile in some and not in others");
    same(
        coverage.sameDistance(),
        "were taken from the same distance; add a close-up or one from further away");
  }

  private void same(int alike, String what) {
    if (alike > MOSTLY * count) {
      advice.add(String.format(Locale.ROOT, "%s of %s %s", word(alike), word(count), what));
    }
  }

  private void closeness(List<AcceptedPhoto> accepted) {
    if (accepted.stream().allMatch(photo -> photo.features().faceShare() < SMALL)) {
      advice.add("the face is small in every photo; add a close-up");
    }
  }

  private static String word(int number) {
    return number < WORDS.length ? WORDS[number] : Integer.toString(number);
  }
}
