/**
 * Choosing a varied few of many headshots: {@link dev.likeness.headshots.Selection} draws, scores,
 * repairs and keeps, and says why for each picture.
 */
package dev.likeness.headshots.report;
