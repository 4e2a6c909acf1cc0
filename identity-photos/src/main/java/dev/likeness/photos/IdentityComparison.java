package dev.likeness.photos;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.PhotoComparison.Embeddings;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Groups the photos of a set by the person they show, and finds photos of other people.
 *
 * <p>The similarity of two groups is the mean of their largest and their average cosine. The most
 * similar groups are merged until no similarity reaches the embedder's threshold (agglomerative
 * clustering). The largest cosine alone would merge two people by one pair of photos in which they
 * look alike. Below the threshold lies a narrow band, in which a single photo joins a group with a
 * warning. If a face has no landmarks and no eyes, or is turned far away, its cosines are too low
 * for a decision, so the photo only gets a warning.
 */
final class IdentityComparison {
  private static final double MAX_YAW = 40;
  private static final int MOST_NAMES = 3;
  private static final int MOST_GROUPS = 12;

  /**
   * Photos of one person.
   *
   * @param linked photos that are linked with each other
   * @param similar single photos whose similarity to the linked photos is in the band
   */
  private record Group(List<AcceptedPhoto> linked, List<AcceptedPhoto> similar) {
    int size() {
      return linked.size() + similar.size();
    }

    List<AcceptedPhoto> photos() {
      return Stream.concat(linked.stream(), similar.stream()).toList();
    }
  }

  private final Embeddings embeddings;
  private final List<Group> groups;

  IdentityComparison(List<AcceptedPhoto> photos, Embeddings embeddings) {
    this.embeddings = embeddings;
    this.groups = groupsOf(photos);
  }

  /** Returns each photo in one group. The largest group is first. */
  List<List<AcceptedPhoto>> groups() {
    return groups.stream().map(Group::photos).toList();
  }

  /**
   * Returns true if no group has most of the photos and twice as many as any other. Then the photos
   * do not tell which person to train.
   */
  boolean isAmbiguous() {
    if (groups.size() < 2) {
      return false;
    }
    int photos = groups.stream().mapToInt(Group::size).sum();
    int first = groups.get(0).size();
    return 2 * first <= photos || first < 2 * groups.get(1).size();
  }

  /** Returns what to say if {@link #isAmbiguous()}: the groups by name, and what to do. */
  String question() {
    String named = IntStream.range(0, Math.min(MOST_GROUPS, groups.size()))
        .mapToObj(i -> (i + 1) + ": " + names(groups.get(i).photos()))
        .collect(Collectors.joining("; "));
    String more =
        groups.size() > MOST_GROUPS ? "; and " + (groups.size() - MOST_GROUPS) + " more" : "";
    return "the photos seem to show " + groups.size() + " people (" + named + more
        + "); give a photo of the wanted person: --who FILE,"
        + " or PhotoReview.withPersonIn in Java";
  }

  private static String names(List<AcceptedPhoto> photos) {
    String first = photos.stream()
        .limit(MOST_NAMES)
        .map(photo -> Quoted.line(photo.name()))
        .collect(Collectors.joining(", "));
    int more = photos.size() - MOST_NAMES;
    return more > 0 ? first + " and " + more + " more" : first;
  }

  /**
   * Returns the reasons against photos of others than the person in most photos. If the set is
   * ambiguous, each photo gets a warning with the number of its group.
   */
  Map<AcceptedPhoto, Reason> reasons() {
    if (!isAmbiguous()) {
      return groups.isEmpty() ? Map.of() : reasons(groups.get(0), "most photos do");
    }
    Map<AcceptedPhoto, Reason> reasons = new IdentityHashMap<>();
    for (int i = 0; i < groups.size(); i++) {
      String text = String.format(
          Locale.ROOT, "it seems to show person %d of %d in this set", i + 1, groups.size());
      Reason reason = Reason.of(ReasonCode.WRONG_PERSON, Verdict.WARN, text);
      groups.get(i).photos().forEach(photo -> reasons.put(photo, reason));
    }
    return reasons;
  }

  /** Returns the reasons against photos of others than the person in {@code shown}, of this set. */
  Map<AcceptedPhoto, Reason> reasons(AcceptedPhoto shown) {
    Group person = groups.stream()
        .filter(group -> group.photos().stream().anyMatch(photo -> photo == shown))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "the photo " + shown + " is not in a group of this review; give a photo of groups()"));
    // A photo that was chosen shows the person, even if it joined the group by similarity only.
    List<AcceptedPhoto> linked = new ArrayList<>(person.linked);
    person.similar.stream().filter(photo -> photo == shown).forEach(linked::add);
    return reasons(new Group(linked, person.similar), Quoted.line(shown.name()) + " does");
  }

  /**
   * Returns the reasons against photos of others than the person with this embedding. Empty if no
   * photo shows that person.
   */
  Optional<Map<AcceptedPhoto, Reason>> reasons(float[] vector, String name) {
    List<Group> same = groups.stream()
        .filter(group -> similarity(vector, group.photos()) >= embeddings.samePersonThreshold())
        .toList();
    List<Group> found = same.isEmpty()
        ? groups.stream()
            .max(Comparator.comparingDouble(group -> similarity(vector, group.photos())))
            .filter(
                group -> similarity(vector, group.photos()) >= embeddings.otherPersonThreshold())
            .stream()
            .toList()
        : same;
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(reasons(
            new Group(
                found.stream().flatMap(group -> group.linked.stream()).toList(),
                found.stream().flatMap(group -> group.similar.stream()).toList()),
            Quoted.line(name) + " does"));
  }

  private double similarity(float[] vector, List<AcceptedPhoto> photos) {
    DoubleSummaryStatistics cosines =
        photos.stream().mapToDouble(photo -> embeddings.cosine(photo, vector)).summaryStatistics();
    return (cosines.getMax() + cosines.getAverage()) / 2;
  }

  private Map<AcceptedPhoto, Reason> reasons(Group person, String whose) {
    Map<AcceptedPhoto, Reason> reasons = new IdentityHashMap<>();
    for (Group group : groups) {
      boolean reliable = group.linked.stream().anyMatch(photo -> obstacle(photo).isEmpty());
      group.photos().stream()
          .filter(photo -> person.linked.stream().noneMatch(same -> same == photo))
          .forEach(photo -> reasons.put(photo, reason(photo, person, whose, reliable)));
    }
    return reasons;
  }

  private Reason reason(AcceptedPhoto photo, Group person, String whose, boolean reliable) {
    double closest = similarity(embeddings.vector(photo), person.linked);
    Optional<String> obstacle = reliable ? Optional.empty() : obstacle(photo);
    // In an ambiguous set, a photo outside the person's group is likely to show another person.
    boolean unsure = person.similar.stream().anyMatch(other -> other == photo)
        || !isAmbiguous() && (obstacle.isPresent() || closest >= embeddings.otherPersonThreshold());
    String text = unsure
        ? "it may show a different person than " + whose
            + obstacle
                .map(why -> ": the photo cannot be compared well, because " + why)
                .orElse("")
            + "; check this photo"
        : "it shows a different person than " + whose;
    return new Reason(
        ReasonCode.WRONG_PERSON,
        unsure ? Verdict.WARN : Verdict.REJECT,
        closest,
        embeddings.samePersonThreshold(),
        text);
  }

  // Returns why the cosine of a face is too low for a decision; empty if it is reliable.
  private static Optional<String> obstacle(AcceptedPhoto photo) {
    Face face = photo.face();
    if (Math.abs(face.pose().yaw()) > MAX_YAW) {
      return Optional.of("the head is turned away");
    }
    return face.landmarks().isEmpty() && face.eyes().isEmpty()
        ? Optional.of("no eyes were found")
        : Optional.empty();
  }

  private List<Group> groupsOf(List<AcceptedPhoto> photos) {
    List<Group> joined = new ArrayList<>();
    for (List<AcceptedPhoto> group : new Clusters(photos, embeddings).merged()) {
      Optional<Group> similar =
          group.size() > 1 ? Optional.empty() : findSimilar(group.get(0), joined);
      similar.ifPresentOrElse(
          other -> other.similar.add(group.get(0)),
          () -> joined.add(new Group(group, new ArrayList<>())));
    }
    joined.sort(Comparator.comparingInt(Group::size).reversed());
    return joined;
  }

  // Returns the most similar group, if the similarity is at least in the band.
  private Optional<Group> findSimilar(AcceptedPhoto photo, List<Group> groups) {
    float[] vector = embeddings.vector(photo);
    return groups.stream()
        .max(Comparator.comparingDouble(group -> similarity(vector, group.linked)))
        .filter(group -> similarity(vector, group.linked) >= embeddings.otherPersonThreshold());
  }

  /** Merges photos to clusters. */
  private static final class Clusters {
    private final List<List<AcceptedPhoto>> clusters = new ArrayList<>();
    // Largest cosine and sum of all cosines between two clusters.
    private final double[][] largest;
    private final double[][] sum;
    private final double threshold;

    Clusters(List<AcceptedPhoto> photos, Embeddings embeddings) {
      int n = photos.size();
      threshold = embeddings.samePersonThreshold();
      largest = new double[n][n];
      sum = new double[n][n];
      for (int i = 0; i < n; i++) {
        clusters.add(new ArrayList<>(List.of(photos.get(i))));
        for (int j = 0; j < n; j++) {
          sum[i][j] = embeddings.cosine(photos.get(i), embeddings.vector(photos.get(j)));
          largest[i][j] = sum[i][j];
        }
      }
    }

    /** Returns the clusters, the largest first. */
    List<List<AcceptedPhoto>> merged() {
      boolean merges = true;
      while (merges) {
        merges = mergeMostSimilar();
      }
      return clusters.stream()
          .filter(cluster -> !cluster.isEmpty())
          .sorted(Comparator.comparingInt((List<AcceptedPhoto> cluster) -> cluster.size())
              .reversed())
          .toList();
    }

    private boolean mergeMostSimilar() {
      int first = -1;
      int second = -1;
      double best = threshold;
      CurrentWork.throwIfCancelled();
      for (int i = 0; i < clusters.size(); i++) {
        for (int j = i + 1; j < clusters.size(); j++) {
          int pairs = clusters.get(i).size() * clusters.get(j).size();
          double similarity = pairs == 0 ? -1 : (largest[i][j] + sum[i][j] / pairs) / 2;
          if (similarity >= best) {
            best = similarity;
            first = i;
            second = j;
          }
        }
      }
      if (first >= 0) {
        merge(first, second);
      }
      return first >= 0;
    }

    private void merge(int into, int from) {
      clusters.get(into).addAll(clusters.get(from));
      clusters.get(from).clear();
      for (int k = 0; k < largest.length; k++) {
        largest[into][k] = Math.max(largest[into][k], largest[from][k]);
        largest[k][into] = largest[into][k];
        sum[into][k] += sum[from][k];
        sum[k][into] = sum[into][k];
      }
    }
  }
}
