package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The gradients of {@link BlockedAttention}, from weights that are computed once more, a block of
 * rows at a time (Dao et al. 2022, arXiv:2205.14135, algorithm 4).
 *
 * @param out of the way forward
 * @param rows the sum of each row's weights, [batch, heads, n, 1], f32
 */
record BlockedGradients(
    Tensor q, Tensor k, Tensor v, Tensor out, Tensor rows, BlockedAttention.Weighing weighing)
    implements CustomGradients.Rule {
  /** Of bf16's 8 bits each, which make f32's 24. */
  private static final int COLUMNS = 3;

  @Override
  public Tensor[] gradients(Tensor gradient) {
    Tensor forQ = torch.empty_like(q);
    Tensor forK = torch.empty_like(k);
    Tensor forV = torch.empty_like(v);
    for (long image = 0; image < q.size(0); image++) {
      for (long head = 0; head < q.size(1); head++) {
        try (TensorScope scope = TensorScope.open()) {
          head(image, head, of(gradient, image, head), forQ, forK, forV);
        }
      }
    }
    return new Tensor[] {forQ, forK, forV};
  }

  private void head(long image, long head, Tensor arriving, Tensor forQ, Tensor forK, Tensor forV) {
    Tensor sums = of(rows, image, head);
    Tensor keys = of(k, image, head);
    Tensor queries = weighing.queries(of(q, image, head));
    // The weights' sum is divided out of what they are multiplied by.
    Tensor gradient = arriving.div(sums).to(ScalarType.BFloat16);
    Tensor pulls = arriving
        .mul(of(out, image, head))
        .sum(new long[] {1}, true, new ScalarTypeOptional(ScalarType.Float));
    Tensor ofWeights = torch.cat(new TensorVector(gradient, less(pulls.div(sums))), 1);
    blocks(
        queries,
        keys.transpose(0, 1).contiguous(),
        ofWeights,
        withOnes(of(v, image, head)),
        BlockedAttention.summed(keys),
        of(forQ, image, head),
        of(forK, image, head),
        of(forV, image, head));
  }

  private void blocks(
      Tensor queries,
      Tensor keyColumns,
      Tensor ofWeights,
      Tensor valueColumns,
      Tensor keys,
      Tensor forQ,
      Tensor forK,
      Tensor forV) {
    Tensor gradient = ofWeights.narrow(1, 0, forV.size(1));
    // Sums over blocks, in f32; transposed, as they are multiplied faster.
    Tensor ofKeys = torch.zeros(forK.size(1), forK.size(0));
    Tensor ofValues = torch.zeros(forV.size(1), forV.size(0));
    for (long row = 0; row < queries.size(0); row += BlockedAttention.ROWS) {
      long count = Math.min(BlockedAttention.ROWS, queries.size(0) - row);
      try (TensorScope scope = TensorScope.open()) {
        Tensor weights = weighing.weights(torch.mm(queries.narrow(0, row, count), keyColumns));
        Tensor scores = torch.mm(ofWeights.narrow(0, row, count), valueColumns).mul_(weights);
        forQ.narrow(0, row, count)
            .copy_(BlockedAttention.sums(scores, keys).mul_(new Scalar(weighing.scale())));
        ofKeys.add_(torch.mm(queries.narrow(0, row, count).transpose(0, 1), scores));
        ofValues.add_(torch.mm(gradient.narrow(0, row, count).transpose(0, 1), weights));
      }
    }
    forK.copy_(ofKeys.div_(new Scalar(weighing.unit())).transpose(0, 1));
    forV.copy_(ofValues.transpose(0, 1));
  }

  /** The columns of {@code x} and those of ones that {@link #less} is for, transposed. */
  private static Tensor withOnes(Tensor x) {
    return torch
        .cat(new TensorVector(x, x.new_ones(x.size(0), COLUMNS)), 1)
        .transpose(0, 1)
        .contiguous();
  }

  /**
   * Numbers [n, 1] in f32, taken off, as columns of bf16: a product with ones adds them up in f32
   * again.
   */
  private static Tensor less(Tensor numbers) {
    Tensor rest = numbers.neg();
    TensorVector columns = new TensorVector();
    for (int i = 0; i < COLUMNS; i++) {
      Tensor column = rest.to(ScalarType.BFloat16);
      columns.push_back(column);
      rest = rest.sub(column);
    }
    return torch.cat(columns, 1);
  }

  private static Tensor of(Tensor x, long image, long head) {
    return BlockedAttention.of(x, image, head);
  }
}
