package dev.likeness.headshots.score;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * The limit of each {@link ScoreAspect}. An image whose score is beyond a limit has a flaw.
 * Immutable.
 */
public final class ScoreLimits {
  private static final ScoreLimits BUILT_IN = read();

  private final Map<ScoreAspect, Double> limits;

  private ScoreLimits(Map<ScoreAspect, Double> limits) {
    this.limits = new EnumMap<>(limits);
  }

  /** {@return the built-in limits, chosen so that most good generated images pass} */
  public static ScoreLimits builtIn() {
    return BUILT_IN;
  }

  /**
   * The limits for images of a base model: those in {@code score_limits.json} of its folder, and
   * the built-in limits for aspects that are not in this file. The keys of the file are names of
   * aspects, such as {@code SHARPNESS}. A base may need its own limits, for example if all its
   * images are softer than photographs.
   *
   * @param base the base model
   * @return the limits
   * @throws InvalidInputException if the file is not valid
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
      others.putAll(numbers(ModelFile.read(file, ModelFile.LARGEST_CONFIG)));
      return new ScoreLimits(others);
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          file + " is not readable as score limits; expected numbers by names such as SHARPNESS ("
              + Quoted.reason(e) + "); correct the file, or delete it",
          e);
    }
  }

  /**
   * Returns a copy of these limits with the given limit for one aspect.
   *
   * @param aspect the aspect
   * @param limit the limit, in the unit of the aspect
   * @return the new limits
   */
  public ScoreLimits with(ScoreAspect aspect, double limit) {
    Map<ScoreAspect, Double> more = new EnumMap<>(limits);
    more.put(aspect, limit);
    return new ScoreLimits(more);
  }

  /**
   * The limit of one aspect.
   *
   * @param aspect the aspect
   * @return the limit, in the unit of the aspect; infinite if the aspect never fails
   */
  public double of(ScoreAspect aspect) {
    return limits.getOrDefault(aspect, Double.POSITIVE_INFINITY);
  }

  private static ScoreLimits read() {
    try (InputStream in = ScoreLimits.class.getResourceAsStream("limits.json")) {
      return new ScoreLimits(numbers(in.readAllBytes()));
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
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
