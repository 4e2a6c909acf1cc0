package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.reading.PhotoReader;
import dev.likeness.photos.pixels.Resampler;
import java.util.List;
import java.util.stream.IntStream;

/** How clearly a headshot shows what was asked, in the eyes of the base that drew it. */
final class Obedience {
  private static final int RIVALS = 3;

  private Obedience() {}

  /**
   * How likely the base's own reader, where it brings one, finds the words that were asked for, on average; else the share of noises
   * under which the picture's own prompt explains it better than any other of its style, NaN for a base too large to ask.
   */
  static double of(BaseModel base, Headshot headshot) {
    Picture picture = Resampler.AREA.resize(headshot.picture(), base.defaults().width(), base.defaults().height());
    try (PhotoReader reader = base.folder().flatMap(PhotoReader::in).orElse(null)) {
      return reader == null ? explained(base, headshot, picture) : read(reader, headshot, picture);
    }
  }

  private static double read(PhotoReader reader, Headshot headshot, Picture picture) {
    AskedWords asked = AskedWords.of(headshot.request().prompt(), reader.slots());
    return (headshot.style().monochrome() ? asked.colourless() : asked).shown(reader.read(picture));
  }

  private static double explained(BaseModel base, Headshot headshot, Picture picture) {
    String asked = headshot.request().prompt();
    List<String> rivals = headshot.style().otherPrompts(asked, RIVALS);
    if (!PersonDescription.isSmall(base) || rivals.isEmpty()) {
      return Double.NaN;
    }
    try (CaptionFit fit = new CaptionFit(base, List.of(picture))) {
      double[] own = fit.errors(asked);
      List<double[]> others = rivals.stream().map(fit::errors).toList();
      long obeyed = IntStream.range(0, own.length)
          .filter(i -> others.stream().allMatch(errors -> own[i] < errors[i])).count();
      return (double) obeyed / own.length;
    }
  }
}
