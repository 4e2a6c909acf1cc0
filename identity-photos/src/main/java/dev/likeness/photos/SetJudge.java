package dev.likeness.photos;

import dev.likeness.photos.quality.PhotoFeatures;
import dev.likeness.photos.quality.Tint;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Looks at the accepted photos together: how many, how different, what is missing. */
final class SetJudge {
  private static final int ENOUGH = 8;
  private static final double TURNED = 15;
  private static final double SAME_TINT = 45;
  private static final double MOSTLY = 0.6;

  private final List<AcceptedPhoto> accepted;
  private final List<String> advice = new ArrayList<>();

  private SetJudge(List<AcceptedPhoto> accepted) {
    this.accepted = accepted;
  }

  static SetVerdict judge(List<PhotoVerdict> photos, List<AcceptedPhoto> accepted) {
    SetJudge judge = new SetJudge(accepted);
    SetVerdict.Angles angles = new SetVerdict.Angles(judge.turned(-1), judge.turned(0), judge.turned(1));
    int background = judge.sharing(PhotoFeatures::background);
    int clothes = judge.sharing(PhotoFeatures::clothes);
    judge.numbers();
    judge.angles(angles);
    judge.sameness(background, clothes);
    judge.light();
    double warned = photos.stream().filter(photo -> photo.verdict() == Verdict.WARN).count();
    double readiness = judge.readiness(Math.max(background, clothes), warned);
    return new SetVerdict(photos.size(), accepted.size(), readiness, angles, background, clothes, judge.advice);
  }

  private void numbers() {
    int n = accepted.size();
    if (n < SetVerdict.FEWEST) {
      advice.add("only %d usable photo%s; add more until there are at least %d"
          .formatted(n, n == 1 ? "" : "s", SetVerdict.FEWEST));
    } else if (n < ENOUGH) {
      advice.add("%d usable photos are enough to begin; %d or more are better".formatted(n, ENOUGH));
    } else if (n > SetVerdict.MOST) {
      advice.add("%d photos are more than a person needs; the best %d do".formatted(n, SetVerdict.MOST));
    }
  }

  // Only detectors with landmarks tell half-turned heads from frontal ones, so only then is their lack worth a word.
  private void angles(SetVerdict.Angles angles) {
    boolean known = accepted.stream().anyMatch(photo -> photo.face().landmarks().isPresent());
    if (known && accepted.size() >= SetVerdict.FEWEST) {
      if (angles.left() == 0) {
        advice.add("no photo looks to the left; add one with the head half turned");
      }
      if (angles.right() == 0) {
        advice.add("no photo looks to the right; add one with the head half turned");
      }
      if (angles.ahead() == 0) {
        advice.add("no photo looks straight ahead; add one");
      }
    }
  }

  private void sameness(int background, int clothes) {
    if (most(background)) {
      advice.add("%d of %d have the same background; add photos taken elsewhere"
          .formatted(background, accepted.size()));
    }
    if (most(clothes)) {
      advice.add("%d of %d show the same clothes; add photos in others".formatted(clothes, accepted.size()));
    }
  }

  private void light() {
    boolean oneLevel = spread(PhotoFeatures::highlight) < 20 && spread(PhotoFeatures::slope) < 0.4;
    if (accepted.size() > SetVerdict.FEWEST && oneLevel) {
      advice.add("all photos have the same light; add some from outdoors or another room");
    }
    boolean small = accepted.stream().allMatch(photo -> photo.features().faceShare() < 0.2);
    if (accepted.size() > SetVerdict.FEWEST && small) {
      advice.add("the face is small in every photo; add a close-up");
    }
  }

  private boolean most(int count) {
    return accepted.size() > SetVerdict.FEWEST && count > MOSTLY * accepted.size();
  }

  private int turned(int side) {
    return (int) accepted.stream().mapToDouble(photo -> photo.face().pose().yaw())
        .filter(yaw -> side == (yaw > TURNED ? 1 : yaw < -TURNED ? -1 : 0)).count();
  }

  // The size of the largest group around any one photo.
  private int sharing(Function<PhotoFeatures, Tint> part) {
    return accepted.stream().map(photo -> part.apply(photo.features()))
        .mapToInt(tint -> (int) accepted.stream()
            .filter(other -> part.apply(other.features()).distance(tint) < SAME_TINT).count())
        .max().orElse(0);
  }

  private double spread(ToDoubleFunction<PhotoFeatures> feature) {
    double most = accepted.stream().map(AcceptedPhoto::features).mapToDouble(feature).max().orElse(0);
    double least = accepted.stream().map(AcceptedPhoto::features).mapToDouble(feature).min().orElse(0);
    return most - least;
  }

  private double readiness(int alike, double warned) {
    int n = accepted.size();
    if (n == 0) {
      return 0;
    }
    double number = Math.min(1, (double) n / ENOUGH);
    double variety = n == 1 ? 0 : 1 - (alike - 1.0) / (n - 1);
    return 0.6 * number + 0.2 * variety + 0.2 * (1 - warned / n);
  }
}
