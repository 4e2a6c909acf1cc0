package dev.likeness.photos;

import java.util.ArrayList;
import java.util.List;

/** Looks at the accepted photos together. */
final class SetJudge {
  private SetJudge() {}

  static SetVerdict judge(List<PhotoVerdict> photos, List<AcceptedPhoto> accepted) {
    List<String> advice = new ArrayList<>();
    if (accepted.size() < SetVerdict.FEWEST) {
      advice.add("only %d usable photo%s; add more until there are at least %d"
          .formatted(accepted.size(), accepted.size() == 1 ? "" : "s", SetVerdict.FEWEST));
    }
    if (accepted.size() > SetVerdict.MOST) {
      advice.add("%d photos are more than a person needs; the best %d do".formatted(accepted.size(), SetVerdict.MOST));
    }
    return new SetVerdict(photos.size(), accepted.size(), advice);
  }
}
