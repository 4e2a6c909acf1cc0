package dev.likeness.diffusion.internal.adapter;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A batch in which every row has its own adaptation, so that one pass over the base generates
 * several persons. Only for {@linkplain Adaptation#isBatchable side paths}, because a weight cannot
 * differ by row.
 *
 * @param adaptations the different adaptations
 * @param rows the index into {@code adaptations} for each row of the batch; a batch with twice as
 *     many rows repeats them
 * @param constant true if the adaptations stay the same over all steps, so that stacking their
 *     factors pays
 */
public record BatchedAdaptation(List<Adaptation> adaptations, List<Integer> rows, boolean constant)
    implements Adaptation {
  public BatchedAdaptation {
    adaptations = List.copyOf(adaptations);
    rows = List.copyOf(rows);
  }

  /** Returns the adaptation of a batch with these rows; a row's own adaptation if all are equal. */
  public static Adaptation of(List<Adaptation> rows) {
    return of(rows, true);
  }

  private static Adaptation of(List<Adaptation> rows, boolean lasting) {
    List<Adaptation> distinct = rows.stream().distinct().toList();
    return distinct.size() == 1
        ? distinct.get(0)
        : new BatchedAdaptation(distinct, rows.stream().map(distinct::indexOf).toList(), lasting);
  }

  @Override
  public List<AdapterLayer> adapterLayers(String module) {
    List<List<AdapterLayer>> paths =
        adaptations.stream().map(person -> person.adapterLayers(module)).toList();
    if (paths.stream().allMatch(List::isEmpty)) {
      return List.of();
    }
    return List.of(
        constant && StackedFactors.canStack(paths)
            ? StackedFactors.of(paths, rows)
            : new RowAdapterLayers(IntStream.range(0, rows.size())
                .mapToObj(i -> paths.get(rows.get(i)))
                .toList()));
  }

  @Override
  public Adaptation at(double progress) {
    List<Adaptation> now =
        adaptations.stream().map(person -> person.at(progress)).toList();
    return now.equals(adaptations) ? this : of(rows.stream().map(now::get).toList(), false);
  }

  @Override
  public boolean isBatchable() {
    return adaptations.stream().allMatch(Adaptation::isBatchable);
  }

  /** Side paths of any form, computed row by row. */
  record RowAdapterLayers(List<List<AdapterLayer>> rows) implements AdapterLayer {
    @Override
    public Tensor delta(Tensor input) {
      return concatDeltas(input, AdapterLayer::delta);
    }

    @Override
    public Tensor delta(Tensor input, long[] stride, long[] padding) {
      return concatDeltas(input, (path, x) -> path.delta(x, stride, padding));
    }

    private Tensor concatDeltas(Tensor input, BiFunction<AdapterLayer, Tensor, Tensor> delta) {
      Tensor[] deltas = new Tensor[(int) input.size(0)];
      Tensor zeros = null;
      for (int i = 0; i < deltas.length; i++) {
        for (AdapterLayer path : rows.get(i % rows.size())) {
          Tensor one = delta.apply(path, input.narrow(0, i, 1));
          deltas[i] = deltas[i] == null ? one : deltas[i].add(one);
          zeros = zeros == null ? torch.zeros_like(one) : zeros;
        }
      }
      TensorVector all = new TensorVector();
      for (Tensor row : deltas) {
        all.push_back(row == null ? zeros : row);
      }
      return torch.cat(all, 0);
    }
  }

  /**
   * The low-rank paths of all rows of a batch as two products of stacked matrices. Lower ranks are
   * padded with zeros to the largest.
   *
   * @param down [rows, rank, in] or [rows, rank, in, kernel, kernel]
   * @param up [rows, out, rank], including the scales
   */
  record StackedFactors(Tensor down, Tensor up) implements AdapterLayer {
    private static final long[] ONE = {1, 1};

    /** Returns true if every path is a low-rank path. */
    static boolean canStack(List<List<AdapterLayer>> paths) {
      return paths.stream()
          .flatMap(List::stream)
          .allMatch(path -> path.lowRank().isPresent());
    }

    /** Stacks {@code paths} by row; the tensors belong to the calling scope. */
    static StackedFactors of(List<List<AdapterLayer>> paths, List<Integer> rows) {
      List<List<AdapterLayer.Factors>> all = paths.stream()
          .map(own -> own.stream().map(path -> path.lowRank().orElseThrow()).toList())
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
      Tensor h = torch.bmm(tokens, repeatForBatch(down, x).transpose(1, 2));
      Tensor y = torch.bmm(h, repeatForBatch(up, x).transpose(1, 2));
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

    // Computes the images of one person together. A grouped convolution would first copy all of
    // them channel by channel.
    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      Tensor images =
          x.view(x.size(0) / down.size(0), down.size(0), x.size(1), x.size(2), x.size(3));
      TensorVector hidden = new TensorVector();
      for (long row = 0; row < down.size(0); row++) {
        hidden.push_back(torch
            .conv2d(
                images.select(1, row),
                down.select(0, row),
                new TensorOptional(),
                stride,
                padding,
                ONE,
                1)
            .permute(0, 2, 3, 1));
      }
      Tensor h = torch.stack(hidden, 1);
      Tensor y = torch.bmm(h.flatten(2, 3).flatten(0, 1), repeatForBatch(up, x).transpose(1, 2));
      return y.view(x.size(0), h.size(2), h.size(3), -1).permute(0, 3, 1, 2);
    }

    /** Repeats the factors of the rows for a batch that contains the rows once or several times. */
    private static Tensor repeatForBatch(Tensor factors, Tensor x) {
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
}
