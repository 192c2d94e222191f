const kinds = {study: drawStudy, fit: drawFit, backtest: drawBacktest, scores: drawScores, bench: drawBench,
  history: drawHistory};
kinds[data.kind](data);
endPage();
