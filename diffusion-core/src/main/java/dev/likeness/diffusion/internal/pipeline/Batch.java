package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.BatchedAdaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The pictures that one pass of the network draws: of one request, or of several that run alike.
 *
 * @param seats one for each picture, those of one request beside one another
 */
public record Batch(List<Seat> seats) {
  /** A picture: whose it is, and its seed. */
  record Seat(Sitter sitter, long seed) {}

  /** Neighbouring pictures of one request. */
  record Group(Sitter sitter, int count) {}

  /**
   * The sittings of requests that run alike, of at most {@code most} pictures: all that is added
   * beside layers at once, whatever else for itself.
   */
  static List<Batch> of(List<Sitter> sitters, int most) {
    Map<Object, List<Seat>> together = new LinkedHashMap<>();
    for (Sitter sitter : sitters) {
      List<Seat> seats = together.computeIfAbsent(
          sitter.isBeside() ? Batch.class : sitter.adaptations(), any -> new ArrayList<>());
      for (int i = 0; i < sitter.request().count(); i++) {
        seats.add(new Seat(sitter, sitter.request().seed() + i));
      }
    }
    List<Batch> sittings = new ArrayList<>();
    for (List<Seat> seats : together.values()) {
      for (int first = 0; first < seats.size(); first += most) {
        sittings.add(new Batch(seats.subList(first, Math.min(first + most, seats.size()))));
      }
    }
    return sittings;
  }

  public int count() {
    return seats.size();
  }

  /** A request that says what all have in common. */
  public ImageRequest request() {
    return seats.get(0).sitter().request();
  }

  long[] seeds() {
    return seats.stream().mapToLong(Seat::seed).toArray();
  }

  /** The requests with how many pictures each has, in the order of the rows. */
  List<Group> groups() {
    List<Group> groups = new ArrayList<>();
    for (Seat seat : seats) {
      int last = groups.size() - 1;
      if (last >= 0 && groups.get(last).sitter() == seat.sitter()) {
        groups.set(last, new Group(seat.sitter(), groups.get(last).count() + 1));
      } else {
        groups.add(new Group(seat.sitter(), 1));
      }
    }
    return groups;
  }

  /** What is added to a part: the same to every row, or to each row its own. */
  public Adaptation adaptation(ModelComponent part) {
    return BatchedAdaptation.of(
        seats.stream().map(seat -> seat.sitter().adaptation(part)).toList());
  }

  /** The text of each group at a row of the plan. */
  public List<TextEncoding> texts(int row, boolean negative) {
    return groups().stream()
        .map(group -> group.sitter().texts().at(row, negative))
        .toList();
  }

  /** A text for each group as the network is told them: a row for each picture. */
  public TextEncoding told(List<TextEncoding> texts) {
    return new TextEncoding(rows(texts, TextEncoding::tokens), rows(texts, TextEncoding::pooled));
  }

  private Tensor rows(List<TextEncoding> texts, Function<TextEncoding, Tensor> part) {
    if (part.apply(texts.get(0)) == null) {
      return null;
    }
    TensorVector rows = new TensorVector();
    for (int i = 0; i < texts.size(); i++) {
      rows.push_back(repeated(part.apply(texts.get(i)), groups().get(i).count()));
    }
    return torch.cat(rows, 0);
  }

  /**
   * What the network is told for all pictures by prompts that stay: where guided, first for the
   * negative ones.
   */
  public TextEncoding told(boolean guided) {
    TextEncoding wanted = told(texts(0, false));
    if (!guided) {
      return wanted;
    }
    TextEncoding unwanted = told(texts(0, true));
    return new TextEncoding(
        torch.cat(new TensorVector(unwanted.tokens(), wanted.tokens()), 0),
        torch.cat(new TensorVector(unwanted.pooled(), wanted.pooled()), 0));
  }

  private static Tensor repeated(Tensor row, int count) {
    return row.repeat_interleave(count, new LongOptional(0), new LongOptional());
  }

  /** A number for the whole batch, [1], as layers that differ by row must be given it: [batch]. */
  public Tensor perRow(Tensor one, long batch) {
    return adaptations() == 1 ? one : one.expand(batch);
  }

  private long adaptations() {
    return seats.stream().map(seat -> seat.sitter().adaptations()).distinct().count();
  }

  /**
   * A request that is drawn, with what all of its pictures share.
   *
   * @param request with everything filled in
   * @param adaptations what it adds to each part of the model
   * @param texts what its prompts say, encoded under these adaptations
   */
  record Sitter(
      ImageRequest request, Map<ModelComponent, Adaptation> adaptations, Conditioning texts) {
    Adaptation adaptation(ModelComponent part) {
      return adaptations.get(part);
    }

    /** Whether it can share a pass of the network with others. */
    boolean isBeside() {
      return adaptation(ModelComponent.UNET).isBeside()
          && adaptation(ModelComponent.TRANSFORMER).isBeside();
    }
  }
}
