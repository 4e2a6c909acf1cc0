package dev.likeness.diffusion.internal.adapter;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A batch in which every row has an adaptation of its own, so that several persons are drawn with
 * one pass over the base. Only for adaptations that are {@link Adaptation#isBeside beside} the
 * layers: a weight cannot differ by row.
 *
 * @param people the different adaptations
 * @param rows for each row of the batch which of them is its own; a batch of twice as many rows
 *     holds the same twice
 * @param lasting whether these stay over all steps, so that it pays to stack their factors
 */
public record BatchedAdaptation(List<Adaptation> people, List<Integer> rows, boolean lasting)
    implements Adaptation {
  public BatchedAdaptation {
    people = List.copyOf(people);
    rows = List.copyOf(rows);
  }

  /** The adaptation of a batch whose rows are adapted so; their own where they are all the same. */
  public static Adaptation of(List<Adaptation> rows) {
    return of(rows, true);
  }

  private static Adaptation of(List<Adaptation> rows, boolean lasting) {
    List<Adaptation> people = rows.stream().distinct().toList();
    return people.size() == 1
        ? people.get(0)
        : new BatchedAdaptation(people, rows.stream().map(people::indexOf).toList(), lasting);
  }

  @Override
  public List<AdapterLayer> sidePaths(String module) {
    List<List<AdapterLayer>> paths =
        people.stream().map(person -> person.sidePaths(module)).toList();
    if (paths.stream().allMatch(List::isEmpty)) {
      return List.of();
    }
    return List.of(
        lasting && StackedFactors.fit(paths)
            ? StackedFactors.of(paths, rows)
            : new RowPaths(IntStream.range(0, rows.size())
                .mapToObj(i -> paths.get(rows.get(i)))
                .toList()));
  }

  @Override
  public Adaptation at(double progress) {
    List<Adaptation> now = people.stream().map(person -> person.at(progress)).toList();
    return now.equals(people) ? this : of(rows.stream().map(now::get).toList(), false);
  }

  @Override
  public boolean isBeside() {
    return people.stream().allMatch(Adaptation::isBeside);
  }
}
