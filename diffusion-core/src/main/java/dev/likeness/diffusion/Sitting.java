package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.ByRow;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.text.TextEncoding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The pictures that one pass of the network draws: of one request, or of several that run alike.
 *
 * @param seats one for each picture, those of one request beside one another
 */
record Sitting(List<Seat> seats) {
  /** A picture: whose it is, and its seed. */
  record Seat(Sitter sitter, long seed) { }

  /** Neighbouring pictures of one request. */
  record Group(Sitter sitter, int count) { }

  /**
   * The sittings of requests that run alike, of at most {@code most} pictures: all that is added beside layers at once,
   * whatever else for itself.
   */
  static List<Sitting> of(List<Sitter> sitters, int most) {
    Map<Object, List<Seat>> together = new LinkedHashMap<>();
    for (Sitter sitter : sitters) {
      List<Seat> seats =
          together.computeIfAbsent(sitter.isBeside() ? Sitting.class : sitter.adaptations(), any -> new ArrayList<>());
      for (int i = 0; i < sitter.request().count(); i++) {
        seats.add(new Seat(sitter, sitter.request().seed() + i));
      }
    }
    List<Sitting> sittings = new ArrayList<>();
    for (List<Seat> seats : together.values()) {
      for (int first = 0; first < seats.size(); first += most) {
        sittings.add(new Sitting(seats.subList(first, Math.min(first + most, seats.size()))));
      }
    }
    return sittings;
  }

  int count() {
    return seats.size();
  }

  /** A request that says what all have in common. */
  ImageRequest request() {
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
  Adaptation adaptation(Part part) {
    return ByRow.of(seats.stream().map(seat -> seat.sitter().adaptation(part)).toList());
  }

  /**
   * What the network is told for all pictures: where guided, first for their negative prompts.
   *
   * @param encode texts as a request has them encoded, a row for each
   */
  TextEncoding told(boolean guided, BiFunction<Sitter, List<String>, TextEncoding> encode) {
    TensorVector tokens = new TensorVector();
    TensorVector pooled = new TensorVector();
    List<TextEncoding> texts = groups().stream().map(group -> encode.apply(group.sitter(), prompts(group, guided))).toList();
    for (int prompt = 0; prompt < (guided ? 2 : 1); prompt++) {
      for (int i = 0; i < texts.size(); i++) {
        tokens.push_back(repeated(texts.get(i).tokens().narrow(0, prompt, 1), groups().get(i).count()));
        pooled.push_back(repeated(texts.get(i).pooled().narrow(0, prompt, 1), groups().get(i).count()));
      }
    }
    return new TextEncoding(torch.cat(tokens, 0), torch.cat(pooled, 0));
  }

  private static List<String> prompts(Group group, boolean guided) {
    ImageRequest request = group.sitter().request();
    return guided ? List.of(request.negative(), request.prompt()) : List.of(request.prompt());
  }

  private static Tensor repeated(Tensor row, int count) {
    return row.repeat_interleave(count, new LongOptional(0), new LongOptional());
  }

  /** A number for the whole batch, [1], as layers that differ by row must be given it: [batch]. */
  Tensor perRow(Tensor one, long batch) {
    return adaptations() == 1 ? one : one.expand(batch);
  }

  private long adaptations() {
    return seats.stream().map(seat -> seat.sitter().adaptations()).distinct().count();
  }
}
