package dev.likeness.photos;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Writes a review in the JSON format of {@code likeness photos --json}. */
final class ReviewJson {
  private ReviewJson() {}

  static String of(PhotoReview review) {
    Map<String, Object> root = new LinkedHashMap<>();
    List<Integer> groups = review.groupNumbers();
    root.put(
        "photos",
        IntStream.range(0, groups.size())
            .mapToObj(i -> photo(review.photos().get(i), groups.get(i)))
            .toList());
    Map<String, Object> set = set(review.set());
    set.put(
        "faces",
        review.photos().stream().mapToInt(photo -> photo.faces().size()).sum());
    set.put("identityCompared", review.isIdentityCompared());
    set.put("groups", review.isIdentityCompared() ? review.groups().size() : null);
    set.put("personUnclear", review.isPersonUnclear());
    set.put("comparedBy", review.comparedBy().orElse(null));
    root.put("set", set);
    try {
      return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(root);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  private static Map<String, Object> photo(PhotoVerdict photo, Integer group) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", photo.name());
    object.put("format", photo.format().map(PhotoFormat::id).orElse(null));
    object.put("verdict", photo.verdict().id());
    object.put("reasons", photo.reasons().stream().map(ReviewJson::reason).toList());
    object.put("faces", photo.faces().size());
    object.put("group", group);
    return object;
  }

  private static Map<String, Object> reason(Reason reason) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("code", reason.code().id());
    object.put("value", number(reason.value()));
    object.put("limit", number(reason.limit()));
    object.put("message", reason.message());
    return object;
  }

  private static Map<String, Object> set(SetVerdict set) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("photos", set.photos());
    object.put("accepted", set.accepted());
    object.put("readiness", number(set.readiness()));
    SetCoverage coverage = set.coverage();
    Map<String, Object> angles = new LinkedHashMap<>();
    angles.put("left", coverage.angles().left());
    angles.put("ahead", coverage.angles().ahead());
    angles.put("right", coverage.angles().right());
    object.put("angles", angles);
    object.put("sameExpression", coverage.sameExpression());
    object.put("sameLight", coverage.sameLight());
    object.put("sameBackground", coverage.sameBackground());
    object.put("sameDistance", coverage.sameDistance());
    object.put("sameClothes", coverage.sameClothes());
    object.put("advice", set.advice());
    object.put("toolAdvice", set.toolAdvice());
    return object;
  }

  // JSON has no NaN. Four decimals are as precise as the measures are.
  private static Double number(double value) {
    return Double.isFinite(value) ? Math.round(value * 1e4) / 1e4 : null;
  }
}
