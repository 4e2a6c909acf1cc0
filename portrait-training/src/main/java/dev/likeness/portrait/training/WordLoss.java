package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Attribute;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Reduction;

/** How far scores of words are from what drew the pictures. */
final class WordLoss {
  /** Of an attribute that does not apply to a picture. */
  private static final long NONE = -1;

  private WordLoss() {}

  /** The sum of every attribute's cross-entropy, the mean over the {@code chosen} pictures of {@code known}. */
  static Tensor of(Map<Attribute, Tensor> scores, PortraitRenders known, int[] chosen) {
    Tensor sum = torch.zeros(1).squeeze();
    for (Map.Entry<Attribute, Tensor> head : scores.entrySet()) {
      sum = sum.add(torch.cross_entropy_loss(head.getValue(), right(head.getKey(), known, chosen), new TensorOptional(),
          Reduction.Sum.value, NONE, 0.0));
    }
    return sum.div(new Scalar(chosen.length));
  }

  /** The share of an attribute's words that {@code scores} put first, among the pictures it applies to. */
  static double right(Attribute attribute, Tensor scores, PortraitRenders known, int[] chosen) {
    Tensor right = right(attribute, known, chosen);
    Tensor counts = right.ne(new Scalar(NONE));
    return scores.argmax(new LongOptional(1), false).eq(right).sum().item_double() / counts.sum().item_double();
  }

  private static Tensor right(Attribute attribute, PortraitRenders known, int[] chosen) {
    return torch.tensor(Arrays.stream(chosen).mapToLong(i -> attribute.index(known.person(i), known.shot(i))).toArray());
  }
}
