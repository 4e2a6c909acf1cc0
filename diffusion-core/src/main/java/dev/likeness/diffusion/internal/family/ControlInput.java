package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** Encoded control images of one ControlNet for a batch. */
public interface ControlInput {
  /** The control images: several for a union ControlNet, else one. */
  List<ControlImage> controls();

  /** Rows of the plan. */
  int rows();

  /** The embedding of each control image. For several images it includes their scales. */
  List<Tensor> embeddings();

  /** Embeddings of the control images that are active in a step. */
  default Stream<Tensor> activeEmbeddings(Step step) {
    return IntStream.range(0, controls().size())
        .filter(i -> controls().get(i).isActive(step.index(), rows()))
        .mapToObj(embeddings()::get);
  }

  /** Returns true if any control image is active in a step. */
  default boolean isActive(Step step) {
    return activeEmbeddings(step).findAny().isPresent();
  }

  /** The scale of the residuals. */
  default double scale() {
    return controls().size() == 1 ? controls().get(0).scale() : 1;
  }

  /** Returns true if the ControlNet is in guess mode. */
  default boolean isGuess() {
    return controls().get(0).isGuess();
  }

  /** Groups a request's control images by union ControlNet. */
  static List<List<ControlImage>> groupByControlNet(List<ControlImage> controls) {
    Map<Object, List<ControlImage>> lists = new LinkedHashMap<>();
    for (ControlImage control : controls) {
      Object owner = control.controlNet().isUnion() ? control.controlNet() : new Object();
      lists.computeIfAbsent(owner, key -> new ArrayList<>()).add(control);
    }
    return List.copyOf(lists.values());
  }
}
