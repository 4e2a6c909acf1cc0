package dev.likeness.schedulers;

import java.util.Map;
import java.util.stream.Stream;

/**
 * The kind of network that a scheduler samples: of one of another kind it makes nothing but noise.
 */
enum NetworkKind {
  FLOW("that predict flow"),
  CONTINUOUS("trained on continuous noise levels"),
  BETAS("trained on betas");

  private final String words;

  NetworkKind(String words) {
    this.words = words;
  }

  /**
   * The scheduler of a name for {@code own}'s network.
   *
   * @throws IllegalArgumentException when the name is a class's for networks of another kind; the
   *     message says what to ask for
   */
  static SchedulerConfig sampling(SchedulerConfig own, String name) {
    SchedulerConfig chosen = own.with(name);
    if (of(chosen) != of(own)) {
      throw new IllegalArgumentException("scheduler " + chosen.className() + " is for networks "
          + of(chosen).words + ", and this model's is" + " one of those " + of(own).words
          + "; ask for " + namesake(own, chosen.className()));
    }
    return chosen;
  }

  private static NetworkKind of(SchedulerConfig config) {
    return config.prediction() == Prediction.FLOW
        ? FLOW
        : config.isContinuous() ? CONTINUOUS : BETAS;
  }

  /** What the sampler of a class is called that samples this network. */
  private static String namesake(SchedulerConfig own, String className) {
    String plain = EdmForm.plain(SchedulerVariant.plain(className));
    Stream<String> called = SamplerNames.KNOWN.entrySet().stream()
        .filter(known -> known.getValue().className().equals(plain))
        .map(Map.Entry::getKey);
    return Stream.concat(called, Stream.of(plain, plain + SchedulerVariant.BEHIND))
        .filter(name -> isFor(own, name))
        .findFirst()
        .orElse("a sampler, such as euler, by a name that is no class's");
  }

  private static boolean isFor(SchedulerConfig own, String name) {
    try {
      return of(own.with(name)) == of(own);
    } catch (IllegalArgumentException none) {
      return false;
    }
  }
}
