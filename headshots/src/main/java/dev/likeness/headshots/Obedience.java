package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.pixels.Resampler;
import java.util.List;
import java.util.stream.IntStream;

/** How clearly a headshot shows what was asked, in the eyes of the base that drew it. */
final class Obedience {
  private static final int RIVALS = 3;

  private Obedience() {}

  /** The share of noises under which its own prompt explains it better than any other; NaN for a base too large to ask. */
  static double of(BaseModel base, Headshot headshot) {
    String asked = headshot.request().prompt();
    List<String> rivals = headshot.style().otherPrompts(asked, RIVALS);
    if (!PersonDescription.isSmall(base) || rivals.isEmpty()) {
      return Double.NaN;
    }
    Picture picture = Resampler.AREA.resize(headshot.picture(), base.defaults().width(), base.defaults().height());
    try (CaptionFit fit = new CaptionFit(base, List.of(picture))) {
      double[] own = fit.errors(asked);
      List<double[]> others = rivals.stream().map(fit::errors).toList();
      long obeyed = IntStream.range(0, own.length)
          .filter(i -> others.stream().allMatch(errors -> own[i] < errors[i])).count();
      return (double) obeyed / own.length;
    }
  }
}
