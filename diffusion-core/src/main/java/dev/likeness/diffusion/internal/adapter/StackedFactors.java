package dev.likeness.diffusion.internal.adapter;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The low-rank paths of all rows of a batch as two products of stacked matrices. Ranks are filled
 * up with zeros to the largest, which adds nothing.
 *
 * @param down [rows, rank, in] or [rows, rank, in, kernel, kernel]
 * @param up [rows, out, rank], strengths multiplied in
 */
record StackedFactors(Tensor down, Tensor up) implements AdapterLayer {
  private static final long[] ONE = {1, 1};

  /** Whether every path is of two factors. */
  static boolean fit(List<List<AdapterLayer>> people) {
    return people.stream().flatMap(List::stream).allMatch(path -> path.lowRank().isPresent());
  }

  /** The paths of {@code people} for rows that are theirs; owned by the calling scope. */
  static StackedFactors of(List<List<AdapterLayer>> people, List<Integer> rows) {
    List<List<AdapterLayer.Factors>> all = people.stream()
        .map(paths -> paths.stream().map(path -> path.lowRank().orElseThrow()).toList())
        .toList();
    long rank = all.stream().mapToLong(StackedFactors::rank).max().orElseThrow();
    AdapterLayer.Factors like = all.stream().flatMap(List::stream).findFirst().orElseThrow();
    TensorVector downs = new TensorVector();
    TensorVector ups = new TensorVector();
    for (List<AdapterLayer.Factors> person : all) {
      TensorVector down = new TensorVector();
      TensorVector up = new TensorVector();
      for (AdapterLayer.Factors factors : person) {
        down.push_back(factors.down());
        up.push_back(factors.up().flatten(1, -1).mul(new Scalar(factors.scale())));
      }
      long missing = rank - rank(person);
      if (missing > 0) {
        down.push_back(zeros(like.down(), 0, missing));
        up.push_back(zeros(like.up().flatten(1, -1), 1, missing));
      }
      downs.push_back(torch.cat(down, 0));
      ups.push_back(torch.cat(up, 1));
    }
    Tensor order = torch
        .tensor(rows.stream().mapToLong(Integer::longValue).toArray())
        .to(like.down().device(), torch.ScalarType.Long);
    return new StackedFactors(
        torch.stack(downs, 0).index_select(0, order), torch.stack(ups, 0).index_select(0, order));
  }

  private static long rank(List<AdapterLayer.Factors> person) {
    return person.stream().mapToLong(factors -> factors.down().size(0)).sum();
  }

  private static Tensor zeros(Tensor like, int dimension, long size) {
    long[] shape = new long[(int) like.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = i == dimension ? size : like.size(i);
    }
    return like.new_zeros(shape);
  }

  @Override
  public Tensor delta(Tensor x) {
    Tensor tokens = x.dim() == 2 ? x.unsqueeze(1) : x.flatten(1, -2);
    Tensor h = torch.bmm(tokens, forAll(down, x).transpose(1, 2));
    Tensor y = torch.bmm(h, forAll(up, x).transpose(1, 2));
    return x.dim() == 2 ? y.squeeze(1) : y.view(outShape(x, y.size(2)));
  }

  private static long[] outShape(Tensor x, long out) {
    long[] shape = new long[(int) x.dim()];
    for (int i = 0; i < shape.length - 1; i++) {
      shape[i] = x.size(i);
    }
    shape[shape.length - 1] = out;
    return shape;
  }

  // A person's pictures together: as groups of one convolution all would first have to be copied
  // channel by channel.
  @Override
  public Tensor delta(Tensor x, long[] stride, long[] padding) {
    Tensor pictures =
        x.view(x.size(0) / down.size(0), down.size(0), x.size(1), x.size(2), x.size(3));
    TensorVector hidden = new TensorVector();
    for (long row = 0; row < down.size(0); row++) {
      hidden.push_back(torch
          .conv2d(
              pictures.select(1, row),
              down.select(0, row),
              new TensorOptional(),
              stride,
              padding,
              ONE,
              1)
          .permute(0, 2, 3, 1));
    }
    Tensor h = torch.stack(hidden, 1);
    Tensor y = torch.bmm(h.flatten(2, 3).flatten(0, 1), forAll(up, x).transpose(1, 2));
    return y.view(x.size(0), h.size(2), h.size(3), -1).permute(0, 3, 1, 2);
  }

  /** The factors of every row of a batch that holds the rows once or several times. */
  private static Tensor forAll(Tensor factors, Tensor x) {
    long times = x.size(0) / factors.size(0);
    if (times == 1) {
      return factors;
    }
    long[] repeats = new long[(int) factors.dim()];
    Arrays.fill(repeats, 1);
    repeats[0] = times;
    return factors.repeat(repeats);
  }
}
