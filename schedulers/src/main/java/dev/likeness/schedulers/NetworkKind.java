package dev.likeness.schedulers;

import java.util.Map;
import java.util.stream.Stream;

/** The kind of network that a scheduler samples: of one of another kind it makes nothing but noise. */
final class NetworkKind {
  private NetworkKind() {
  }

  /**
   * The scheduler of a name for {@code own}'s network.
   *
   * @throws IllegalArgumentException when the name is a class's for networks of another kind; the message says what to ask for
   */
  static SchedulerConfig sampling(SchedulerConfig own, String name) {
    SchedulerConfig chosen = own.with(name);
    if (!of(chosen).equals(of(own))) {
      throw new IllegalArgumentException("scheduler " + chosen.className() + " is for networks " + of(chosen) + ", and this model's is"
          + " one of those " + of(own) + "; ask for " + namesake(own, chosen.className()));
    }
    return chosen;
  }

  private static String of(SchedulerConfig config) {
    return config.prediction() == Prediction.FLOW ? "that predict flow"
        : config.isContinuous() ? "trained on continuous noise levels" : "trained on betas";
  }

  /** What the sampler of a class is called that samples this network. */
  private static String namesake(SchedulerConfig own, String className) {
    String plain = EdmForm.plain(FlowForm.plain(className));
    Stream<String> called = SamplerNames.KNOWN.entrySet().stream()
        .filter(known -> known.getValue().className().equals(plain)).map(Map.Entry::getKey);
    return Stream.concat(called, Stream.of(plain, plain + FlowForm.BEHIND)).filter(name -> isFor(own, name)).findFirst()
        .orElse("a sampler, such as euler, by a name that is no class's");
  }

  private static boolean isFor(SchedulerConfig own, String name) {
    try {
      return of(own.with(name)).equals(of(own));
    } catch (IllegalArgumentException none) {
      return false;
    }
  }
}
