package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.photo.PhotoReader;
import dev.likeness.photos.internal.image.Resampler;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How clearly headshots show what was asked, in the eyes of the base that drew them. Shared by
 * threads; the base stays the caller's.
 */
public final class PromptAdherence implements AutoCloseable {
  private static final int RIVALS = 3;

  private final BaseModel base;
  private final Optional<PhotoReader> reader;

  private PromptAdherence(BaseModel base, Optional<PhotoReader> reader) {
    this.base = base;
    this.reader = reader;
  }

  /** Opens what {@code base} brings to read pictures with. */
  static PromptAdherence of(BaseModel base) {
    return new PromptAdherence(base, base.folder().flatMap(PhotoReader::in));
  }

  /**
   * How likely the base's own reader, where it brings one, finds the hair, clothes, light and
   * backdrop that were asked for: the geometric mean over the words that it knows. Else, of a small
   * base, the share of noises under which it explains the picture better by its own prompt than by
   * any of the style's next three.
   *
   * @return 0 to 1; NaN for a base too large to ask, and where nothing, or nothing else, can be
   *     asked for
   */
  public double of(Headshot headshot) {
    return reader.map(eye -> read(eye, headshot)).orElseGet(() -> explained(headshot));
  }

  private static double read(PhotoReader reader, Headshot headshot) {
    AskedWords asked = AskedWords.of(headshot.request().prompt(), reader.slots());
    return (headshot.style().monochrome() ? asked.colourless() : asked)
        .shown(reader.read(headshot.picture()));
  }

  private double explained(Headshot headshot) {
    String asked = headshot.request().prompt();
    List<String> rivals = headshot.style().otherPrompts(asked, RIVALS);
    if (!PersonDescription.isSmall(base) || rivals.isEmpty()) {
      return Double.NaN;
    }
    RgbImage picture = Resampler.AREA.resize(
        headshot.picture(), base.defaults().width(), base.defaults().height());
    try (CaptionFit fit = new CaptionFit(base, List.of(picture))) {
      double[] own = fit.errors(asked);
      List<double[]> others = rivals.stream().map(fit::errors).toList();
      long obeyed = IntStream.range(0, own.length)
          .filter(i -> others.stream().allMatch(errors -> own[i] < errors[i]))
          .count();
      return (double) obeyed / own.length;
    }
  }

  @Override
  public void close() {
    reader.ifPresent(PhotoReader::close);
  }
}
