package dev.likeness.headshots.score;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Map;

/** The thresholds of the scores. Immutable; {@link #with} changes one. */
public final class ScoreLimits {
  private static final ScoreLimits BUILT_IN = read();

  private final Map<Aspect, Double> limits;

  private ScoreLimits(Map<Aspect, Double> limits) {
    this.limits = new EnumMap<>(limits);
  }

  /** What few flawless renders pass: docs/studio.md says how they were found. */
  public static ScoreLimits builtIn() {
    return BUILT_IN;
  }

  /** The same with another threshold. */
  public ScoreLimits with(Aspect aspect, double limit) {
    Map<Aspect, Double> more = new EnumMap<>(limits);
    more.put(aspect, limit);
    return new ScoreLimits(more);
  }

  /** The threshold of one aspect; infinite when it never fails. */
  public double of(Aspect aspect) {
    return limits.getOrDefault(aspect, Double.POSITIVE_INFINITY);
  }

  private static ScoreLimits read() {
    try (InputStream in = ScoreLimits.class.getResourceAsStream("limits.json")) {
      Map<Aspect, Double> limits = new EnumMap<>(Aspect.class);
      JSON.std.mapFrom(in).forEach((name, limit) -> limits.put(Aspect.valueOf(name), ((Number) limit).doubleValue()));
      return new ScoreLimits(limits);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
