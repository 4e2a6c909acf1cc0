package dev.likeness.integrations.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The result of one person.
 *
 * @param id the person's id
 * @param status the status
 * @param reasons warnings, or the reasons why there are no headshots
 * @param likeness the mean cosine of the headshots with the photos; NaN if it was not measured
 * @param paths the written files
 * @param seconds the seconds of the work that produced the files
 * @param isReused true if an earlier job had produced the files
 * @param resumedFrom the training step from which this attempt went on; 0 for the beginning
 */
record PersonResult(
    String id,
    Status status,
    List<String> reasons,
    double likeness,
    List<String> paths,
    double seconds,
    boolean isReused,
    int resumedFrom)
    implements Serializable {
  /** The outcome for a person. */
  enum Status {
    DONE,
    /** The row or the photos cannot be used; another attempt would not help. */
    REFUSED,
    /** A machine failed; a later job tries again. */
    FAILED;

    String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  static final StructType SCHEMA = new StructType()
      .add("id", DataTypes.StringType, false)
      .add("status", DataTypes.StringType, false)
      .add("reasons", new ArrayType(DataTypes.StringType, false), false)
      .add("likeness", DataTypes.DoubleType, true)
      .add("paths", new ArrayType(DataTypes.StringType, false), false)
      .add("seconds", DataTypes.DoubleType, false)
      .add("reused", DataTypes.BooleanType, false)
      .add("resumed_from", DataTypes.IntegerType, false);

  PersonResult {
    reasons = List.copyOf(reasons);
    paths = List.copyOf(paths);
  }

  static PersonResult without(String id, Status status, String reason, double seconds) {
    return new PersonResult(id, status, List.of(reason), Double.NaN, List.of(), seconds, false, 0);
  }

  Row toRow() {
    return RowFactory.create(
        id,
        status.label(),
        reasons.toArray(new String[0]),
        Double.isNaN(likeness) ? null : likeness,
        paths.toArray(new String[0]),
        seconds,
        isReused,
        resumedFrom);
  }
}
