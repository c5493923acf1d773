import type { Format } from '../answers.ts'
import { renderTable } from '../table.ts'
import {
  endpointHashKvHeadings,
  endpointHashKvRows,
  endpointHealthHeadings,
  endpointHealthRows,
  endpointStatusHeadings,
  endpointStatusRows,
  memberListHeadings,
  memberListRows,
} from './rows.ts'

export const tableFormat: Format = {
  memberList: ({ response }) => renderTable(memberListHeadings, memberListRows(response)),
  endpointHealth: ({ list }) => renderTable(endpointHealthHeadings, endpointHealthRows(list)),
  endpointStatus: ({ list }) => renderTable(endpointStatusHeadings, endpointStatusRows(list)),
  endpointHashKv: ({ list }) => renderTable(endpointHashKvHeadings, endpointHashKvRows(list)),
}
