package dev.likeness.headshots.score;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/** The thresholds of the scores. Immutable; {@link #with} changes one. */
public final class ScoreLimits {
  private static final ScoreLimits BUILT_IN = read();

  private final Map<ScoreAspect, Double> limits;

  private ScoreLimits(Map<ScoreAspect, Double> limits) {
    this.limits = new EnumMap<>(limits);
  }

  /**
   * What few flawless renders pass: research/portrait-training/notes/studio-figures.md says how
   * they were found.
   */
  public static ScoreLimits builtIn() {
    return BUILT_IN;
  }

  /**
   * The thresholds of what {@code base} draws: the built-in ones but for those in
   * {@code score_limits.json} in its folder, numbers by aspects' names such as {@code SHARPNESS}. A
   * base that draws everything softer than a photograph would fail by that in every image, which
   * says nothing of any of them.
   *
   * @throws InvalidInputException when that file is no such thing
   */
  public static ScoreLimits of(BaseModel base) {
    return base.folder()
        .flatMap(Extra.SCORE_LIMITS::in)
        .map(BUILT_IN::overriddenBy)
        .orElse(BUILT_IN);
  }

  private ScoreLimits overriddenBy(Path file) {
    try {
      Map<ScoreAspect, Double> others = new EnumMap<>(limits);
      others.putAll(numbers(UninterruptibleIo.read(file, Files::readAllBytes)));
      return new ScoreLimits(others);
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          file + " holds no thresholds of scores, expected numbers by names such as SHARPNESS ("
              + e.getMessage() + "); measure them anew, or delete it",
          e);
    }
  }

  /** The same with another threshold. */
  public ScoreLimits with(ScoreAspect aspect, double limit) {
    Map<ScoreAspect, Double> more = new EnumMap<>(limits);
    more.put(aspect, limit);
    return new ScoreLimits(more);
  }

  /** The threshold of one aspect; infinite when it never fails. */
  public double of(ScoreAspect aspect) {
    return limits.getOrDefault(aspect, Double.POSITIVE_INFINITY);
  }

  private static ScoreLimits read() {
    try (InputStream in = ScoreLimits.class.getResourceAsStream("limits.json")) {
      return new ScoreLimits(numbers(in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<ScoreAspect, Double> numbers(byte[] json) throws IOException {
    Map<ScoreAspect, Double> limits = new EnumMap<>(ScoreAspect.class);
    JSON.std
        .mapFrom(json)
        .forEach(
            (name, limit) -> limits.put(ScoreAspect.valueOf(name), ((Number) limit).doubleValue()));
    return limits;
  }
}
