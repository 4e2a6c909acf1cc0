package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Attribute;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How much of what prompts ask for readers miss. Of several the one counts, word by word, that
 * holds it for less likely (worst-case optimisation: Coste et al. 2024, arXiv:2310.02743). What a
 * prompt does not speak of is free. A word that is held for likely with probability p costs
 * {@code 1 - sqrt(p)} (Zhang and Sabuncu 2018, arXiv:1805.07836, their L_q of q = 1/2, halved):
 * between the logarithm, by which words that are held for impossible pull most, and {@code 1 - p},
 * by which these do not pull at all.
 */
final class AskedLoss {
  private static final float NEVER = -1e4f;

  private AskedLoss() {}

  /**
   * What each image costs, 1 for every asked attribute that it lacks for sure: [n], f32; each
   * reader's scores are [n, words] of each attribute.
   */
  static Tensor of(List<Map<Attribute, Tensor>> readers, List<Map<Attribute, Set<String>>> asked) {
    return sum(each(readers, asked).values());
  }

  /** The same, attribute by attribute. */
  static Map<Attribute, Tensor> each(
      List<Map<Attribute, Tensor>> readers, List<Map<Attribute, Set<String>>> asked) {
    Map<Attribute, Tensor> costs = new EnumMap<>(Attribute.class);
    for (Attribute attribute : readers.get(0).keySet()) {
      Tensor barred = barred(attribute, asked);
      Tensor likely = readers.stream()
          .map(scores -> logarithm(scores.get(attribute), barred))
          .reduce(Tensor::minimum)
          .orElseThrow();
      Tensor held = likely.mul(new Scalar(0.5)).exp();
      costs.put(attribute, torch.ones_like(held).sub(held));
    }
    return costs;
  }

  static Tensor sum(Collection<Tensor> costs) {
    return costs.stream().reduce(Tensor::add).orElseThrow();
  }

  /** Of the probability of any word that is not barred, [n]. */
  private static Tensor logarithm(Tensor scores, Tensor barred) {
    return scores.add(barred).logsumexp(1).sub(scores.logsumexp(1));
  }

  /**
   * What is added to scores of words other than those asked for, [n, words]; nothing where none is.
   */
  private static Tensor barred(Attribute attribute, List<Map<Attribute, Set<String>>> asked) {
    List<String> words = attribute.words();
    float[] added = new float[asked.size() * words.size()];
    for (int i = 0; i < added.length; i++) {
      Set<String> wanted = asked.get(i / words.size()).getOrDefault(attribute, Set.of());
      added[i] = wanted.isEmpty() || wanted.contains(words.get(i % words.size())) ? 0 : NEVER;
    }
    return TrainingDevice.placed(torch.tensor(added)).view(asked.size(), words.size());
  }
}
